/** A container image, made from programs of the machine that it will be loaded in. Paths are absolute in the container. */
export interface ContainerImage {
  /** File name of its archive, without `.tar`. */
  name: string
  tags: readonly string[]
  /** Copied from the machine, each with the shared libraries that it needs. */
  programs: readonly string[]
  /** Copied from the machine as they are. */
  copies: readonly string[]
  /** Made empty. */
  folders: readonly string[]
  files: Readonly<Record<string, string>>
  /** Symbolic links: from what, to what. */
  links: Readonly<Record<string, string>>
  ports: readonly `${number}/${'tcp' | 'udp'}`[]
  command: readonly string[]
}

const accounts = {
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  '/etc/group': 'root:x:0:\nnginx:x:101:\nnogroup:x:65534:\n',
  '/etc/nsswitch.conf': 'hosts: files dns\n',
}

/** Every response says who asked, as the server saw it: that is how a lab knows which address was rewritten. */
const site = `server {
  listen 80;
  root /usr/share/nginx/html;
  add_header X-Seen-From $remote_addr:$remote_port always;
  location = /whoami {
    default_type text/plain;
    return 200 "$remote_addr:$remote_port\\n";
  }
}
`

const nginx = `user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
events {}
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log;
  include /etc/nginx/conf.d/*.conf;
}
`

const page = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
`

/** The container images that labs need. `busybox` and `nginx` stand in for the images of these names in a registry. */
export const containerImages: readonly ContainerImage[] = [
  {
    name: 'busybox',
    tags: ['busybox:latest', 'vethlab/busybox:latest'],
    programs: [],
    copies: [],
    folders: ['/root', '/var'],
    files: accounts,
    links: {},
    ports: [],
    command: ['sh'],
  },
  {
    name: 'web',
    tags: ['vethlab/web:latest', 'nginx:alpine', 'nginx:latest'],
    programs: ['/usr/sbin/nginx', '/usr/bin/curl', '/usr/bin/dig', '/usr/bin/ip', '/usr/bin/dash'],
    copies: ['/etc/nginx/mime.types'],
    folders: ['/root', '/run/lock', '/var/lib/nginx', '/var/log/nginx'],
    files: {
      ...accounts,
      '/etc/nginx/nginx.conf': nginx,
      '/etc/nginx/conf.d/default.conf': site,
      '/usr/share/nginx/html/index.html': page,
    },
    links: {
      // busybox's own shell runs its applets before what is on PATH, such as its `ip` instead of iproute2's.
      '/usr/bin/sh': 'dash',
      // So that `docker logs` shows them.
      '/var/log/nginx/access.log': '/dev/stdout',
      '/var/log/nginx/error.log': '/dev/stderr',
      '/var/run': '../run',
    },
    ports: ['80/tcp'],
    command: ['nginx', '-g', 'daemon off;'],
  },
]
