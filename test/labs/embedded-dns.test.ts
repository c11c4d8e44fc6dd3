import { testLab } from '../breaks/test-lab.ts'

testLab('embedded-dns', [
  {
    title: 'the client is on docker0',
    from: '--name client --net my-net',
    to: '--name client',
    step: 'in a container of a network of one’s own the engine listens on 127.0.0.11, for UDP and for TCP',
    says: /bridge behind eth0 of client should show br-/,
  },
  {
    title: 'the web server is on another network than who asks for it',
    from: '--name web --net my-net',
    to: '--name web',
    step: 'in a container of a network of one’s own the engine listens on 127.0.0.11, for UDP and for TCP',
    says: /bridge behind eth0 of web should show br-/,
  },
  {
    title: 'web is asked for as of another network',
    from: "for (const name of ['web', 'WEB', 'web.my-net', id]) {",
    to: "for (const name of ['web', 'WEB', 'web.v4-net', id]) {",
    step: 'A: a container’s name gives its address, and nobody else is asked',
    says: /to equal/,
  },
  {
    title: 'the upstream is asked beside the engine',
    from: 'await $`docker exec client dig +short -x ${one}`',
    to: 'await $`docker exec client dig -x ${one} @203.0.113.1 >/dev/null; docker exec client dig +short -x ${one}`',
    step: 'PTR: an address gives the container’s name, NAME.NETWORK, without asking anybody',
    says: /in-addr\.arpa|length|deeply equal/,
  },
  {
    title: 'only one has the alias',
    from: '--name shop-2 --net my-net --network-alias shop',
    to: '--name shop-2 --net my-net',
    step: 'an alias is the name of a service: it gives the addresses of all who have it, in any order',
    says: /deeply equal/,
  },
  {
    title: 'the network is no internal one',
    from: 'docker network create --internal inside',
    to: 'docker network create inside',
    step: 'from an internal network it asks nobody, and still knows its own (the document does not say so)',
    says: /SERVFAIL/,
  },
])
