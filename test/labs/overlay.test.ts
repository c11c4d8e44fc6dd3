import { testLab } from '../breaks/test-lab.ts'

testLab('overlay', [
  {
    title: 'there is a swarm from the start',
    from: 'const { exitCode, stderr } = await alpha.$`docker network create -d overlay',
    to: 'await alpha.$`docker swarm init --advertise-addr 172.16.1.1`\nconst { exitCode, stderr } = await alpha.$`docker network create -d overlay',
    step: 'without a swarm there is no overlay network: the engine refuses to make one',
    says: /expected \+?0 to equal 1/,
  },
  {
    title: 'the network is a bridge',
    from: 'docker network create -d overlay --attachable ${network}',
    to: 'docker network create -d bridge ${network}',
    step: 'a container that is started by hand may join it only if it was made --attachable',
    says: /docker_gwbridge/,
  },
  {
    title: 'client is on another network of the swarm',
    from: 'await expect(client.ping(there)).patiently(30).to.answer()\n        await expect(web.ping(here))',
    to: 'await beta.$`docker network disconnect ${network} client`\nawait expect(client.ping(there)).to.answer()\n        await expect(web.ping(here))',
    step: 'web and client reach each other as if they were in one LAN, without a router between them',
    says: /should answer/,
  },
  {
    title: 'the VXLAN is told to send broadcasts to the other machine',
    from: "const everybody = (await subnetOf(network)).replace('0/24', '255')",
    to: "const everybody = (await subnetOf(network)).replace('0/24', '255')\nawait alpha.$`nsenter --net=/run/docker/netns/1-${(await idOf(network)).slice(0, 10)} bridge fdb append ff:ff:ff:ff:ff:ff dev vxlan0 dst 172.16.1.2`",
    step: 'a broadcast stays on its machine: neighbour answers, client never hears it',
    says: /should not have a frame[\s\S]*VXLAN/,
  },
  {
    title: 'the container does not know the MTU',
    from: "await expect(client.link('eth0')).to.show({ mtu: 1450 })",
    to: "await beta.$`nsenter -t ${(await beta.look.container('client'))?.State.Pid ?? 0} -n ip link set eth0 mtu 1500`\nawait expect(client.link('eth0')).to.show({ mtu: 1450 })",
    step: 'it leaves 1450 of the 1500 octets of the wire, and the containers know',
    says: /mtu: 1500/,
  },
  {
    title: 'the service is one of DNS alone',
    from: 'docker service create --no-resolve-image --name shop',
    to: 'docker service create --no-resolve-image --endpoint-mode dnsrr --name shop',
    step: 'the name of a service has one address, which is none of its containers’',
    says: /VirtualIPs/,
  },
])
