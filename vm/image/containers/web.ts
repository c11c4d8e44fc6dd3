import { accounts, type ContainerTree } from './image.ts'

/** Every response says who asked, as the server saw it: that is how a lab knows which address was rewritten. */
export const server = (port: number) => `server {
  listen ${port};
  root /usr/share/nginx/html;
  add_header X-Seen-From $remote_addr:$remote_port always;
  location = /whoami {
    default_type text/plain;
    return 200 "$remote_addr:$remote_port\\n";
  }
}
`

export const nginx = (site: string) => `user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
events {}
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log;
  ${site}
}
`

const page = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
`

/** What the documents type in training/webapp is `python app.py`: it says where it listens, and serves there. */
const python = `#!/bin/sh
[ "$1" = app.py ] || { echo "python: can't open file '$1': there is app.py only" >&2; exit 2; }
echo ' * Running on http://0.0.0.0:5000/'
exec nginx -c /opt/webapp/nginx.conf -g 'daemon off;'
`

const bash = { ports: [], environment: {}, folder: '', command: ['/bin/bash'] } as const

/** A web server, a shell, and what one looks around with; stands in for images that the documents take from a registry. */
export const web: ContainerTree = {
  name: 'web',
  packages: [],
  programs: [
    ...['/usr/sbin/nginx', '/usr/bin/curl', '/usr/bin/dig', '/usr/bin/ip', '/usr/bin/ping'],
    ...['/usr/bin/bash', '/usr/bin/dash'],
  ],
  copies: ['/etc/nginx/mime.types'],
  folders: ['/root', '/run/lock', '/var/lib/nginx', '/var/log/nginx'],
  files: {
    ...accounts,
    '/etc/nginx/nginx.conf': nginx('include /etc/nginx/conf.d/*.conf;'),
    '/etc/nginx/conf.d/default.conf': server(80),
    '/opt/webapp/nginx.conf': nginx(server(5000)),
    '/usr/share/nginx/html/index.html': page,
  },
  scripts: { '/usr/bin/python': python },
  links: {
    // busybox's own shell runs its applets before what is on PATH, such as its `ip` instead of iproute2's.
    '/usr/bin/sh': 'dash',
    // So that `docker logs` shows them.
    '/var/log/nginx/access.log': '/dev/stdout',
    '/var/log/nginx/error.log': '/dev/stderr',
    '/var/run': '../run',
  },
  images: [
    {
      tags: ['vethlab/web:latest', 'nginx:alpine', 'nginx:latest'],
      ports: ['80/tcp'],
      environment: {},
      folder: '',
      command: ['nginx', '-g', 'daemon off;'],
    },
    {
      tags: ['training/webapp:latest'],
      ports: ['5000/tcp'],
      environment: {},
      folder: '/opt/webapp',
      command: ['python', 'app.py'],
    },
    { tags: ['training/postgres:latest'], ...bash, ports: ['5432/tcp'], environment: { PG_VERSION: '9.3' } },
    { tags: ['centos:latest', 'base:latest', 'johnklee/tutorial:latest'], ...bash },
  ],
}
