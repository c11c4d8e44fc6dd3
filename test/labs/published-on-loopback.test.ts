import { testLab } from '../breaks/test-lab.ts'

testLab('published-on-loopback', [
  {
    mutation: '1.12 leave-out',
    change: 'without ip -n neighbour rule add pref 10 to 127.0.0.1 lookup main',
    step: 'a neighbour sends what is for 127.0.0.1 to the guest: two rules and a setting of its own do it',
  },
  {
    title: 'the port is published on all addresses',
    from: '-p 127.0.0.1:8080:80',
    to: '-p 8080:80',
    step: 'a port published on 127.0.0.1 answers there, and the guest’s other addresses refuse',
    says: /HostIp/,
  },
  {
    title: 'the guest routes 127.0.0.0/8 from that link',
    from: 'const program = ',
    to: 'await $`sysctl -w net.ipv4.conf.lan1.route_localnet=1`\n      const program = ',
    step: 'a program of the guest that listens on 127.0.0.1 is safe: the kernel routes nothing there from a link',
    says: /connected/,
  },
  {
    title: 'something drops it before DNAT',
    from: "await expect(look.iptables({ table: 'nat' })).to.use(dnat(), {",
    to: "await $`iptables -t raw -I PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp --dport 8080 -j DROP`\n      await expect(look.iptables({ table: 'nat' })).to.use(dnat(), {",
    step: 'the published port is not up to engine 26: DNAT comes before routing; since 28 table raw drops it',
    says: /curl/,
  },
])
