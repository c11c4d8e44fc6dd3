import { testLab } from '../breaks/test-lab.ts'

testLab('network-connect', [
  {
    mutation: '3.1 leave-out',
    change: 'without docker network connect myDockerStudyNet web-01',
    step: 'web-01 gets a second interface and a second address, and keeps the first',
  },
  {
    title: 'web-01 is connected at another address',
    from: 'await $`docker network connect ${network} web-01`',
    to: 'await $`docker network connect --ip 192.169.0.9 ${network} web-01`',
    step: 'web-01 gets a second interface and a second address, and keeps the first',
    says: /192\.169\.0\.4/,
  },
  {
    title: 'web-02 is connected as well',
    from: 'await $`docker network connect ${network} web-01`',
    to: 'await $`docker network connect ${network} web-01; docker network connect ${network} web-02`',
    step: 'but it does not join the networks: web-02 and web-02-net stay apart, and web-01 forwards nothing',
    says: /should not answer/,
  },
  {
    mutation: '6.1 leave-out',
    change: 'without docker network disconnect myDockerStudyNet web-01',
    step: 'docker network disconnect takes the interface away again',
  },
])
