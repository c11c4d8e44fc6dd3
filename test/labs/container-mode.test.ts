import { testLab } from '../breaks/test-lab.ts'

testLab('container-mode', [
  {
    title: 'mysql is in mode bridge from the start',
    from: 'docker run --net host -d --name mysql',
    to: 'docker run -d --name mysql',
    step: 'mysql in mode host: there is no netns of its own, its port 3306 is the guest’s',
    says: /to equal/,
  },
  {
    title: 'the one beside mysql is not beside it',
    from: `const ports = await look.ports('docker0')
        await $\`docker run -dti --rm --name beside --net=container:mysql busybox sh\``,
    to: `const ports = await look.ports('docker0')
        await $\`docker run -dti --rm --name beside busybox sh\``,
    step: 'beside one of mode bridge it gets no interface and no address of its own: it has those of mysql',
    says: /deeply equal/,
  },
  {
    title: 'telnet calls another port',
    from: 'telnet localhost 3306`',
    to: 'telnet localhost 3307`',
    step: 'it sees the listener on 3306, and telnet on localhost reaches it over lo',
    says: /Connected to localhost/,
  },
  {
    title: 'the second server has a netns of its own',
    from: '--name mysql2 --net=container:mysql mysql:5.7',
    // A shell before it: as process 1 it would obey no signal before it is ready, and SIGKILL never.
    to: "--name mysql2 mysql:5.7 sh -c 'timeout -s KILL 2 mysqld; exit $?'",
    step: 'the ports are shared: a second server finds 3306 taken',
    says: /to equal '1'/,
  },
])
