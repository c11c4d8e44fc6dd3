import { isFalse, lab } from '../harness/index.ts'

const topology = `
  guest                                     web
 +-------------------------------------+   +------------------------+
 | /proc/PID/ns/net                    |   | nginx and its files    |
 |   nsenter -t PID -n ip addr         |   |                        |
 |   ip netns exec web tcpdump       --+---+-> eth0 172.17…  lo     |
 +-------------------------------------+   +------------------------+
   a container beside it: --net=container:web, with tools that web has not
`

export default lab(
  {
    title: 'A container that fails, and ways to look into one',
    document: '000_c642ad2eea6dd55a',
    finds:
      'docker exec starts nothing: a shell in place of the command is docker run --entrypoint; the guest’s own tools work in any container’s netns',
    topology,
    engine: true,
    unseen: [
      { mutation: /without mkdir -p \/var\/run\/netns/, because: 'the folder is there, as outside is a netns' },
      {
        mutation: /127\.0\.0\.1 → 127\.0\.0\.101 in docker run --rm --net=container:web/,
        because: 'every address of 127.0.0.0/8 is lo’s, and nginx listens on all',
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const web = { pid: 0, address: '' }

    step(
      'docker exec gets nobody into an image: it has no --rm, and wants a container that runs',
      { covers: [isFalse('S000-34', 'docker exec starts no container; docker run -ti --rm IMAGE bash does')] },
      async () => {
        // It ends at once: there is no such program.
        const failed = await $`docker run --name failed training/webapp python missing.py`.nothrow()
        defer`docker rm -f failed`
        expect(failed.exitCode).to.equal(2)
        await expect(look.container('failed')).to.show({ State: { Running: false, ExitCode: 2 } })
        const { stdout } = await $`docker images -q training/webapp`
        const image = stdout.trim()
        const asPrinted = await $`docker exec -ti --rm ${image} bash`.nothrow()
        expect(asPrinted.exitCode).to.equal(125)
        await expect(asPrinted.stderr).to.print('unknown flag: --rm')
        const without = await $`docker exec -i ${image} bash`.nothrow()
        await expect(without.stderr).to.print(`No such container: ${image}`)
        // Nor is the one that failed let in to.
        const ended = await $`docker exec -i failed bash`.nothrow()
        await expect(ended.stderr).to.print(/is not running/)
      },
    )

    step(
      'in a temporary container bash is process 1: what fails in it does not end it, leaving bash does',
      { covers: ['S000-35'] },
      async () => {
        const { stdout } = await $`docker images -q training/webapp`
        const terminal =
          $`script -qec ${`docker run -ti --rm --name temporary ${stdout.trim()} bash`} /dev/null`.nothrow()
        const { stdin } = terminal
        const removed = defer`docker rm -f temporary`
        let text = ''
        terminal.stdout.on('data', more => {
          text += more
        })
        const shown = { title: 'the terminal', take: async () => text }
        const type = async (line: string, answer: RegExp) => {
          await expect(shown).to.show(/# $/)
          stdin.write(`${line}\r`)
          await expect(shown).to.show(answer)
        }
        await type('echo process $$ is $(cat /proc/1/comm)', /process 1 is bash/)
        await type('python missing.py; echo failed with $?', /failed with 2/)
        await expect(look.container('temporary')).to.show({ State: { Running: true } })
        await type('echo still process $$', /still process 1/)
        await expect(shown).to.show(/# $/)
        stdin.write('exit\r')
        await terminal
        await expect(look.container('temporary')).to.be.absent()
        removed.done()
      },
    )

    step(
      'an image with an entrypoint takes bash for an argument, unless --entrypoint is bash (the document does not say so)',
      async () => {
        await $`docker commit -c 'ENTRYPOINT ["python"]' -c 'CMD ["missing.py"]' failed with-entrypoint`
        defer`docker rmi with-entrypoint`
        const argument = await $`docker run --rm with-entrypoint bash`.nothrow()
        expect(argument.exitCode).to.equal(2)
        await expect(argument.stderr).to.print("can't open file 'bash'")
        const { stdout } = await $`docker run --rm --entrypoint bash with-entrypoint -c 'echo $(cat /proc/1/comm)'`
        expect(stdout).to.equal('bash\n')
      },
    )

    step(
      'nsenter takes the guest’s own tools into a container’s netns, and leaves its files out (the document does not say so)',
      async () => {
        await $`docker run -d --name web nginx:alpine`
        defer`docker rm -f web`
        await expect(look.bridgeBehind('web')).to.show('docker0')
        web.pid = Number((await $`docker inspect -f '{{.State.Pid}}' web`).stdout)
        web.address = (await look.container('web'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        const missing = await $`docker exec web tcpdump --version`.nothrow()
        expect(missing.exitCode).not.to.equal(0)
        const { stdout } = await $`nsenter -t ${web.pid} -n ip addr show dev eth0`
        await expect(stdout).to.print(`inet ${web.address}/16`)
        const sockets = await $`nsenter -t ${web.pid} -n ss -lntp`
        await expect(sockets.stdout).to.print(/0\.0\.0\.0:80 .*"nginx"/)
        const release = await $`nsenter -t ${web.pid} -n cat /etc/hostname`
        expect(release.stdout).to.equal((await $`cat /etc/hostname`).stdout)
        // The engine keeps a file of it too, for which no process is needed.
        const { stdout: key } = await $`docker inspect -f '{{.NetworkSettings.SandboxKey}}' web`
        const same = await $`nsenter --net=${key.trim()} ip addr show dev eth0`
        expect(same.stdout).to.equal(stdout)
      },
    )

    step(
      'a link under /var/run/netns gives it a name for ip netns, as long as the process lives (the document does not say so)',
      async () => {
        await $`mkdir -p /var/run/netns`
        await $`ln -s /proc/${web.pid}/ns/net /var/run/netns/web`
        defer`rm /var/run/netns/web`
        const { stdout } = await $`ip netns list`
        await expect(stdout).to.print(/^web( |$)/m)
        const shown = await $`ip netns exec web ip addr show dev eth0`
        await expect(shown.stdout).to.print(`inet ${web.address}/16`)
        await $`docker restart -t 0 web`
        await expect(look.bridgeBehind('web')).to.show('docker0')
        const gone = await $`ip netns exec web ip addr`.nothrow()
        await expect(gone.stderr).to.print('Cannot open network namespace "web"')
        web.pid = Number((await $`docker inspect -f '{{.State.Pid}}' web`).stdout)
        await $`ln -sfn /proc/${web.pid}/ns/net /var/run/netns/web`
        await $`ip netns exec web ip addr show dev eth0`
      },
    )

    step('tcpdump beside it sees what nobody outside it does: its own lo (the document does not say so)', async () => {
      await expect(look.http(`http://${web.address}`)).to.answer()
      const tcpdump = $`ip netns exec web timeout 20 tcpdump -n -l -i lo 'tcp dst port 80'`.nothrow()
      let said = ''
      let heard = ''
      tcpdump.stderr.on('data', more => {
        said += more
      })
      tcpdump.stdout.on('data', more => {
        heard += more
      })
      await expect({ title: 'tcpdump', take: async () => said }).to.show(/listening on lo/)
      await $`docker exec web curl -s http://127.0.0.1`
      await expect({ title: 'what tcpdump heard', take: async () => heard }).to.show(
        /IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.80: Flags \[S\]/,
      )
      await tcpdump.kill()
      await tcpdump
    })

    step(
      'a container beside it brings the tools as well, and its own lo is that of web (the document does not say so)',
      async () => {
        const { stdout } = await $`docker run --rm --net=container:web -v /usr:/usr:ro centos ss -lnt`
        await expect(stdout).to.print(/LISTEN .* 0\.0\.0\.0:80 /)
        const asked = await $`docker run --rm --net=container:web centos curl -s http://127.0.0.1`
        await expect(asked.stdout).to.print('Welcome to nginx!')
      },
    )
  },
)
