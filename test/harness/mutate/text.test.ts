import { expect } from 'chai'
import { replaced, textMutations } from '../../../harness/mutate/text.ts'

const broken = (command: string) =>
  textMutations(command).map(({ operator, act }) => `${operator}: ${replaced(command, act)}`)

describe('a command broken in one piece', () => {
  it('gets another address of the same subnet, a subnet the one beside it, and a mask of another length', () => {
    expect(broken('ifconfig br01 192.168.88.1/24 up')).to.deep.equal([
      'address: ifconfig br01 192.168.88.101/24 up',
      'mask: ifconfig br01 192.168.88.1/25 up',
      'interface: ifconfig lo 192.168.88.1/24 up',
    ])
    expect(broken('docker network create --subnet 198.18.0.0/15 large')).to.deep.equal([
      'address: docker network create --subnet 198.19.0.0/15 large',
      'mask: docker network create --subnet 198.18.0.0/16 large',
    ])
    expect(broken('ip route add 10.1.1.2/32 via 10.1.1.200')).to.deep.equal([
      'address: ip route add 10.1.1.102/32 via 10.1.1.200',
      'address: ip route add 10.1.1.2/32 via 10.1.1.100',
      'mask: ip route add 10.1.1.2/31 via 10.1.1.200',
    ])
  })

  it('gets another address, subnet and mask of IPv6 too, and takes no MAC for one', () => {
    expect(broken('ip addr add 2001:db8::2/64 dev lo')).to.deep.equal([
      'address: ip addr add 2001:db8::66/64 dev lo',
      'mask: ip addr add 2001:db8::2/65 dev lo',
      'interface: ip addr add 2001:db8::2/64 dev eth0',
    ])
    expect(broken('docker network create --ipv6 --subnet 2001:db8:1::/64 dual')).to.deep.equal([
      'address: docker network create --ipv6 --subnet 2001:db8:2::/64 dual',
      'mask: docker network create --ipv6 --subnet 2001:db8:1::/65 dual',
    ])
    expect(broken('ip -6 route add default via fe80::ffff')).to.deep.equal([
      'address: ip -6 route add default via fe80::ff9b',
    ])
    expect(broken('curl http://[2001:db8::1]:8080')).to.deep.equal(['address: curl http://[2001:db8::65]:8080'])
    expect(broken('ip -6 route add ::/0 via fe80::1')).to.deep.equal([
      'address: ip -6 route add ::/0 via fe80::65',
      'mask: ip -6 route add ::/1 via fe80::1',
    ])
    expect(broken('ip link set eth0 address 02:42:ac:11:00:02')).to.deep.equal([])
  })

  it('gets one address of two that read alike', () => {
    expect(broken('ip route replace 10.0.0.1 via 10.0.0.1')).to.deep.equal([
      'address: ip route replace 10.0.0.101 via 10.0.0.1',
      'address: ip route replace 10.0.0.1 via 10.0.0.101',
    ])
  })

  it('gets the mask broken, and not a number of which its digits are a part', () => {
    const mask = textMutations('ip -n 124 addr add 192.0.2.1/24 dev lo').find(({ operator }) => operator === 'mask')
    if (!mask) throw new Error('no mask')
    expect(replaced('ip -n 2424 addr add 192.0.2.1/24 dev lo', mask.act)).to.equal(
      'ip -n 2424 addr add 192.0.2.1/25 dev lo',
    )
  })

  it('gets other ports, on either side', () => {
    expect(broken('docker run -d -p 8080:80 --expose 90 web')).to.deep.equal([
      'port: docker run -d -p 8080:80 --expose 91 web',
      'port: docker run -d -p 8081:80 --expose 90 web',
      'port: docker run -d -p 8080:81 --expose 90 web',
    ])
    expect(broken('docker run -p 127.0.0.1::80/udp web')).to.deep.equal([
      'address: docker run -p 127.0.0.101::80/udp web',
      'port: docker run -p 127.0.0.1::81/udp web',
    ])
  })

  it('gets another interface, rules at the other end of their chain, and sysctls turned over', () => {
    expect(broken('iptables -t nat -A POSTROUTING ! -o docker0 -p tcp --dport 80 -j MASQUERADE')).to.deep.equal([
      'port: iptables -t nat -A POSTROUTING ! -o docker0 -p tcp --dport 81 -j MASQUERADE',
      'interface: iptables -t nat -A POSTROUTING ! -o lo -p tcp --dport 80 -j MASQUERADE',
      'order: iptables -t nat -I POSTROUTING ! -o docker0 -p tcp --dport 80 -j MASQUERADE',
    ])
    expect(broken('sysctl -w net.ipv4.ip_forward=1')).to.deep.equal(['sysctl: sysctl -w net.ipv4.ip_forward=0'])
    expect(broken('echo 0 >/proc/sys/net/ipv4/ip_forward')).to.deep.equal([
      'sysctl: echo 1 >/proc/sys/net/ipv4/ip_forward',
    ])
  })

  it('is left alone where nothing can be read out of it', () => {
    expect(broken('docker rm -f large-198.18.0.1 v1.2.3.4')).to.deep.equal([])
    expect(broken('docker exec -i web ip link set dev0 up')).to.deep.equal([])
  })
})
