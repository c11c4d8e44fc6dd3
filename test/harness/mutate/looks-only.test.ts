import { expect } from 'chai'
import { looksOnly } from '../../../harness/mutate/looks-only.ts'

describe('a command that only looks', () => {
  const looks = [
    'iptables-legacy-save',
    'brctl show',
    'ip a |grep @if',
    'ip -n outside route',
    'ip -d link show eth0',
    'ip route get 192.168.88.12',
    'iptables -t nat -nL --line-number',
    'iptables -t nat -nvL POSTROUTING',
    'sysctl net.ipv4.ip_forward',
    'docker ps -q -f name=test1',
    'docker network inspect my-net',
    'docker network connect --help',
    'docker -H unix:///run/second.sock info',
    "docker inspect -f '{{.State.Pid}}' $(docker ps -qf name=shop.)",
    'docker exec -e A=b -it web ping -c 1 203.0.113.1',
    "docker exec beside sh -c 'netstat -tl|grep 3306'",
    "docker exec bridged bash -c '</dev/tcp/127.0.0.1/4001'",
    'nsenter -t 4711 -n ip neigh show',
    'ip netns exec ns01 ifconfig veth01',
    'timeout 60 nc -n -l 203.0.113.1 7001',
    'until docker logs mysql 2>&1 | grep ready; do sleep 0.2; done',
    'curl -s http://web/ >/dev/null',
    "printf 'a; b > c'",
  ]
  for (const command of looks) it(command, () => expect(looksOnly(command)).to.equal(true))
})

describe('a command that acts', () => {
  const acts = [
    'brctl addbr br01',
    'ifconfig br01 up',
    'ip link set br01 up',
    'ip -n outside route add 10.1.1.2 via 203.0.113.2',
    'ip netns exec ns01 ip link set lo up',
    'iptables -t nat -F',
    'iptables -t mangle -A INPUT -p tcp --dport 80',
    'sysctl -w net.ipv4.ip_forward=1',
    'echo 1 >/proc/sys/net/ipv4/ip_forward',
    'cat /etc/resolv.conf.saved >/etc/resolv.conf',
    'sed -i s/a/b/ /etc/default/docker',
    'docker run --rm busybox ping -c 1 203.0.113.1',
    'docker rm -f ls',
    'docker network rm ls',
    'docker network connect my-net web',
    "docker exec web sh -c 'echo 192.0.2.1 added >>/etc/hosts'",
    'ip a; ip link delete br01',
    'ls $(docker rm -f web)',
    'nsenter -t 4711 -n ip neigh flush dev eth0',
    "a quote that stays open: '",
  ]
  for (const command of acts) it(command, () => expect(looksOnly(command)).to.equal(false))
})
