import { accounts, type ContainerTree } from './image.ts'
import { nginx, server } from './web.ts'

/** Everybody's password here is abc123. */
const hash = '$6$fopnp$8n0llgS4G53BahHtktXokUmjFZ0q3KllaDU5ZGVDX8YwsXafF7v2LPS/E2HA9FT64a2ag9EwiTb7No8pztdrU.'

/** Who the services run as, and brandon, who logs in to them. */
const users = ['brandon:x:1000:1000::/home/brandon:/bin/bash', 'ftp:x:102:102::/srv/ftp:/bin/false']
for (const [number, name] of ['opensmtpd', 'opensmtpq'].entries()) {
  users.push(`${name}:x:${110 + number}:${110 + number}::/nonexistent:/bin/false`)
}

const groups = users.map(user => user.replace(/^(\w+):x:(\d+):.*$/, '$1:x:$2:'))

const lines = (...text: string[]) => text.map(line => `${line}\n`).join('')

/** It knows the names of the servers and routers, and asks nobody else. */
const dnsmasq = lines(
  ...['user=root', 'no-hosts', 'no-resolv', 'local=/example.com/', 'domain-needed'],
  ...['host-record=backbone,10.1.1.1', 'host-record=isp,10.25.1.1'],
  ...['host-record=modemA,10.25.1.65', 'host-record=modemB,10.25.1.66'],
  'host-record=example.com,example,10.130.1.1',
  'host-record=ftp.example.com,ftp,10.130.1.2',
  'host-record=mail.example.com,mail,10.130.1.3',
  'host-record=www.example.com,www,10.130.1.4',
  ...['mx-host=example.com,mail.example.com', 'cname=smtp.example.com,mail.example.com'],
)

const vsftpd = lines(
  ...['listen=YES', 'background=YES', 'anonymous_enable=YES', 'local_enable=NO'],
  ...['anon_root=/srv/ftp', 'secure_chroot_dir=/run/vsftpd/empty', 'xferlog_enable=NO'],
)

/** Takes what is for example.com, from whomever, into the Maildir of the user. */
const smtpd = lines(
  'listen on 0.0.0.0 hostname mail.example.com',
  'action "local" maildir',
  'match from any for domain "example.com" action "local"',
)

/** What pop3d and imap4d serve: the same Maildir, for who has a password in /etc/shadow. */
const mailutils = lines(
  'logging { syslog no; }',
  'auth { authorization system; authentication generic:system; }',
  'mandatory-locking { enable no; }', // which a Maildir can't have
  'gsasl { enable no; }', // LOGIN is all that it takes
  `mailbox { mailbox-type maildir; mailbox-pattern "/home/\${user}/Maildir"; }`,
)

/** Every host has sshd; what else it serves its image says. */
const serve = `#!/bin/sh
# Starts sshd and the SERVICEs, and stays.
set -e
# Layers are root's alone.
chown -R brandon:brandon /home/brandon
for service; do
  case $service in
    dns) dnsmasq ;;
    ftp) vsftpd ;;
    imap) imap4d --daemon ;;
    pop) pop3d --daemon ;;
    smtp) smtpd ;;
    telnet) telnetd -l /usr/bin/login ;;
    www) nginx ;;
  esac
done
exec dropbear -R -F -E
`

const image = (name: string, ports: ContainerTree['images'][number]['ports'], ...services: string[]) => ({
  tags: [`fopnp/${name}:latest`],
  ports,
  environment: {},
  folder: '',
  command: ['serve', ...services],
})

/** The five images of Brandon Rhodes's network playground: hosts and routers, and what they serve. */
export const playground: ContainerTree = {
  name: 'playground',
  packages: ['dnsmasq-base', 'mailutils-imap4d', 'mailutils-pop3d', 'openssh-client', 'opensmtpd', 'vsftpd'],
  programs: [
    ...['/usr/bin/bash', '/usr/bin/curl', '/usr/bin/dash', '/usr/bin/ip', '/usr/bin/ping'],
    ...['/usr/bin/ssh', '/usr/bin/telnet', '/usr/bin/traceroute'],
    ...['/usr/sbin/dnsmasq', '/usr/sbin/dropbear', '/usr/sbin/nginx', '/usr/sbin/vsftpd'],
    ...['/usr/sbin/smtpctl', '/usr/sbin/smtpd', '/usr/libexec/opensmtpd/mail.maildir'],
    ...['/usr/sbin/imap4d', '/usr/sbin/pop3d'],
  ],
  copies: ['/etc/nginx/mime.types'],
  folders: [
    ...['/home/brandon', '/root', '/run/lock', '/run/vsftpd/empty', '/srv/ftp'],
    ...['/etc/dropbear', '/var/lib/misc', '/var/lib/nginx', '/var/lib/opensmtpd/empty', '/var/log/nginx', '/var/mail'],
    '/var/spool',
  ],
  files: {
    ...accounts,
    '/etc/passwd': accounts['/etc/passwd'].replace(':/bin/sh', ':/bin/bash') + lines(...users),
    '/etc/group': accounts['/etc/group'] + lines('mail:x:8:', ...groups),
    '/etc/shadow': lines(`root:${hash}:19000::::::`, `brandon:${hash}:19000::::::`),
    '/etc/shells': lines('/bin/bash', '/bin/sh'),
    '/etc/dnsmasq.conf': dnsmasq,
    '/etc/mailutils.conf': mailutils,
    '/etc/nginx/nginx.conf': nginx(server(80)),
    // telnet asks for its own port by name.
    '/etc/services': lines('ftp 21/tcp', 'ssh 22/tcp', 'telnet 23/tcp', 'smtp 25/tcp', 'domain 53/udp', 'http 80/tcp'),
    '/etc/smtpd.conf': smtpd,
    '/etc/vsftpd.conf': vsftpd,
    '/srv/ftp/welcome.txt': lines('This file was fetched from ftp.example.com.'),
    '/usr/share/nginx/html/index.html': lines('<h1>www.example.com</h1>'),
  },
  scripts: {
    '/usr/bin/serve': serve,
    // What ssh asks for a password where there is no terminal: SSH_ASKPASS.
    '/usr/bin/abc123': '#!/bin/sh\necho abc123\n',
  },
  links: { '/usr/bin/sh': 'dash', '/var/run': '../run' },
  images: [
    image('base', ['22/tcp']),
    image('dns', ['22/tcp', '53/udp'], 'dns'),
    image('ftp', ['21/tcp', '22/tcp', '23/tcp'], 'ftp', 'telnet'),
    image('mail', ['22/tcp', '25/tcp', '110/tcp', '143/tcp'], 'smtp', 'pop', 'imap'),
    image('www', ['22/tcp', '80/tcp'], 'www'),
  ],
}
