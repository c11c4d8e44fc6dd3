import { createPrivateKey } from 'node:crypto'
import { expect } from 'chai'
import { formatEngineKey, makeEngineId, makeEngineKey } from '../../../vm/guest/engine-id.ts'

// What an engine 20.10 had written as its /etc/docker/key.json.
const jwk = {
  crv: 'P-256',
  d: 'DaW3iYNfeaEQOU188aH8wn95M2gDHeWw8CedjXxzL-w',
  kid: 'IGSD:TMO2:QQQ7:2UFZ:IO6X:VULM:DIJP:PX3V:5RYW:35ZI:34J5:C56F',
  kty: 'EC',
  x: '60UovacOb6UddkRPV4b3b9tDrfLPFmIBbdIU-NfMECU',
  y: '2o6nijI_r_HPSRVIwEU0VPQ7md5Cuh6Oij_oC66128M',
}

describe("an engine's id", () => {
  it('is its key’s fingerprint, as an engine 20.10 takes it, and the key is written as it writes it', () => {
    const { id, content } = formatEngineKey(createPrivateKey({ key: jwk, format: 'jwk' }))
    expect(id).to.equal(jwk.kid)
    expect(content).to.equal(JSON.stringify(jwk))
  })

  it('is as long as any other, and another one each time', () => {
    for (const make of [makeEngineId, makeEngineKey]) {
      const [one, other] = [make(), make()]
      expect(one.id).to.have.length(make().id.length).and.to.not.equal(other.id)
      expect(one.content).to.include(one.id)
    }
  })
})
