import * as chai from 'chai'
import { networkAssertions } from '../../../harness/expect/plugin.ts'

chai.use(networkAssertions)

describe("the network's assertions in somebody else's chai", () => {
  it('take anything with a title and a take(), and look again', async () => {
    let looks = 0
    const look = { title: 'a counter', take: async () => ({ looks: ++looks }) }
    await chai.expect(look).to.show({ looks: 3 })
    chai.expect(looks).to.equal(3)
  })

  it('take what was seen once', async () => {
    const error = await chai
      .expect({ state: 'DOWN' })
      .to.show({ state: 'UP' })
      .catch(thrown => thrown)
    chai
      .expect(error.message)
      .to.match(/^what was seen should show \{ state: 'UP' \}\n {2}where test\/.*\n {2}saw {3}\{ state: 'DOWN' \}$/)
  })
})
