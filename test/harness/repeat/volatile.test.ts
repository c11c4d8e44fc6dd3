import { expect } from 'chai'
import { normalised } from '../../../harness/repeat/volatile.ts'

describe('what differs from run to run by nature', () => {
  const cases: [what: string, text: string, without: string][] = [
    [
      'ids of containers and networks, long and short',
      'docker exec 6850841db638 true; br-0f5bcbbd4c1a; 4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a',
      'docker exec <id> true; br-<id>; <id>',
    ],
    [
      'tokens, ids and netns of a swarm',
      'docker swarm join --token SWMTKN-1-66gju8uf0fpbqvwb5kaooecs76nex0u6pbdt9dh8yxudus24sq-5yjrbmfker7fs7d0mt1hgsq6y; u41yjjocjylyh2nyn8a9wy0rm; /run/docker/netns/1-u41yjjocjy /run/docker/netns/lb_u41yjjocj',
      'docker swarm join --token <token>; <id>; /run/docker/netns/<id> /run/docker/netns/<id>',
    ],
    [
      'ids as keys, with and without quotes',
      `{ '${'4bf5122f'.repeat(8)}': {}, ${'ebf5122f'.repeat(8)}: {} }`,
      '{ <id>: {}, <id>: {} }',
    ],
    [
      "an engine's veths",
      'the command should print "6850841db638:vethba25407"',
      'the command should print "<id>:veth<id>"',
    ],
    ['MACs and what is made from them', 'lladdr 02:42:ac:11:00:02, fe80::42:acff:fe11:2', 'lladdr <mac>, <link-local>'],
    ['UUIDs', 'boot 0d3a3a56-1f8d-4a5e-9a51-0c3f6a9d2b11', 'boot <uuid>'],
    [
      'ports that the kernel picks',
      'IP 192.168.88.12.41234 > 114.114.114.114.80; 127.0.0.1:60712',
      'IP 192.168.88.12.<port> > 114.114.114.114.80; 127.0.0.1:<port>',
    ],
    [
      'processes',
      'nsenter -t 4312 -n ip a; /proc/4312/ns/net; kill 4312',
      'nsenter -t <pid> -n ip a; /proc/<pid>/ns/net; kill <pid>',
    ],
    [
      'namespaces named by a process, and their inodes',
      "ip netns exec 306 true; /run/netns/306; netns should show { name: '306' }; net:[4026533509]",
      "ip netns exec <pid> true; /run/netns/<pid>; netns should show { name: '<pid>' }; net:[<inode>]",
    ],
    [
      'links named by a process',
      'ip link set veth1pg4312 name eth1; ph4312eth1',
      'ip link set veth1pg<pid> name eth1; ph<pid>eth1',
    ],
    ['times', '09:15:02.103 up 3.2 s, 85 ms', '<time> up <duration>, <duration>'],
    [
      'dates with times',
      "Created: '2026-11-21T15:44:47.936492391Z'; 2026-11-21 9:02 to 2026-11-21 19:02:11 UTC",
      "Created: '<time>'; 2026-11-21 9:02 to <time>",
    ],
    [
      'ages of containers, and how wide their columns then are',
      'web     2 seconds ago   Up Less than a second      80/tcp',
      'web   <age> ago   Up <age>   80/tcp',
    ],
    ['ages of what a bridge has learned', '  1\t02:42:ac:11:00:02\tno\t\t   1.21', '  1\t<mac>\tno\t\t   <age>'],
    ['subnets that an engine draws', "Subnet: 'fd1c:2b3:44:1::/64'", "Subnet: 'fd<id>::/64'"],
    [
      'what a socket’s port, when the kernel picks it, and its processes are',
      "{ address: '127.0.0.1', port: 41625, process: 'containerd', pids: [ 61, 62 ] }",
      "{ address: '127.0.0.1', port: <port>, process: 'containerd', pids: [ <pid> ] }",
    ],
    [
      'lines of ps',
      'root     492     472     2     15:34     ?     00:00:00     mysqld',
      '<process>   ?   <time>   mysqld',
    ],
    [
      'layers of images',
      'lowerdir=/var/lib/docker/overlay2/l/BSPXIXSQNNJHX5CYQT7UYBD7Z5:',
      'lowerdir=/var/lib/docker/overlay2/l/<id>:',
    ],
    ['ids of DNS messages', 'opcode: QUERY, status: NXDOMAIN, id: 2008', 'opcode: QUERY, status: NXDOMAIN, id: <id>'],
    ['what was measured', '{ ttl: 64, ms: 0.1 }; 5.229103088378906', '{ ttl: 64, ms: <ms> }; <number>'],
    ['how much else there was', '2 of 17 frames; its counter rose by 2', '<n> of <n> frames; its counter rose by <n>'],
  ]
  for (const [what, text, without] of cases) {
    it(`${what} are left out`, () => expect(normalised(text)).to.equal(without))
  }

  it('what a lab names itself is not', () => {
    for (const text of [
      'ip link add veth01 type veth peer name br-veth01',
      'ip addr add 192.168.88.1/24 dev br01',
      'docker run -p 8088:80 nginx:alpine; curl localhost:8088',
      'iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 8088 -j DNAT --to-destination 172.17.0.2:80',
      'its counter rose by 0; 1.8.11; 203.0.113.2; -p 32768:80',
      'VNI 4789, 2001:db8::1, 100000000000 bytes',
      'ip netns exec ns01 ping 10.1.1.2',
      'sysctl net.ipv4.ip_local_port_range=32768 60999',
      'com.docker.network.driver.overlay.vxlanid_list, 1234567890123456789012345',
    ]) {
      expect(normalised(text)).to.equal(text)
    }
  })
})
