import { testLab } from '../breaks/test-lab.ts'

testLab('links', [
  {
    title: 'the container is not removed when it ends',
    from: 'docker run --rm -d --name brief',
    to: 'docker run -d --name brief',
    step: '--rm removes a container when it ends, with -d as well',
    says: /brief should be absent/,
  },
  {
    title: 'web is not linked',
    from: '--name web --link db:db training/webapp',
    to: '--name web training/webapp',
    step: 'web is linked to db by name and alias, once the former web is gone',
    says: /Links/,
  },
  {
    title: 'web2 is linked under another alias',
    from: '--name web2 --link db:db',
    to: '--name web2 --link db:base',
    step: 'the environment of a linked container tells where db listens, and what it was told itself',
    says: /have the same members/,
  },
  {
    title: 'a rule for the link is there',
    from: 'const { stdout: rules } = await $`iptables-save`',
    to: 'await $`iptables -A FORWARD -p tcp --dport 5432 -j ACCEPT`\n        const { stdout: rules } = await $`iptables-save`',
    step: 'no tunnel is made: what is sent passes docker0 as it is, and nothing in the guest knows of the link',
    says: /5432/,
  },
])
