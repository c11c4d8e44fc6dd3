import { expect } from 'chai'
import { readSshConfig } from '../../../../vm/providers/vagrant/ssh-config.ts'

/** What vagrant 2.3.4 printed. */
const recorded = `Host vethlab-try
  HostName 192.168.121.213
  User vagrant
  Port 22
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile /home/lab/dot/machines/vethlab-try/libvirt/private_key
  IdentitiesOnly yes
  LogLevel FATAL
`

describe('vagrant ssh-config', () => {
  it('says where the machine is, and the key', () => {
    expect(readSshConfig(recorded)).to.deep.equal({
      host: '192.168.121.213',
      port: 22,
      identity: '/home/lab/dot/machines/vethlab-try/libvirt/private_key',
      proxy: undefined,
    })
  })

  it('may quote a path with spaces, and name what the machine is reached through', () => {
    const config = recorded.replace(
      /IdentityFile .*/,
      'IdentityFile "/home/my lab/key"\n  ProxyCommand ssh host -W %h:%p',
    )
    expect(readSshConfig(config)).to.include({ identity: '/home/my lab/key', proxy: 'ssh host -W %h:%p' })
  })

  it('that names no host is told as it is', () => {
    expect(() => readSshConfig('The provider is not ready for SSH.')).to.throw('not ready for SSH')
  })
})
