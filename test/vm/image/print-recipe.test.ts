import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { recipeOf } from '../../../vm/image/recipe.ts'
import { suites } from '../../../vm/suite.ts'

const top = join(import.meta.dirname, '../../..')

describe('the recipe for other programs', () => {
  for (const suite of suites) {
    it(`has the packages of ${suite}’s image, and a script for each container image`, async () => {
      const { stdout } = await execa(process.execPath, [join(top, 'vm/image/print-recipe.ts'), suite])
      const { packages, containers } = JSON.parse(stdout)
      expect(packages).to.deep.equal(recipeOf(suite).packages)
      expect(containers).to.have.length(recipeOf(suite).containers.length)
      for (const script of containers) await execa('sh', ['-n'], { input: script })
    })
  }

  it('is all that the Vagrantfile knows of packages', () => {
    const vagrantfile = readFileSync(join(top, 'Vagrantfile'), 'utf8')
    expect(vagrantfile).to.include("recipe['packages']")
    expect(vagrantfile.match(/apt\S* install .*/g)).to.deep.equal(['apt install --no-install-recommends $missing; }'])
  })

  it('is of a suite', async () => {
    const { failed, stderr } = await execa(process.execPath, [join(top, 'vm/image/print-recipe.ts'), 'potato'], {
      reject: false,
    })
    expect(failed).to.equal(true)
    expect(stderr).to.include('bookworm|trixie|forky')
  })
})
