import type { Suite } from '../../suite.ts'
import { accounts, type ContainerTree } from './image.ts'

/** A real database that really listens on 3306, with no table of users and as little memory as it takes. */
const settings = `[mysqld]
user = root
datadir = /var/lib/mysql
socket = /run/mysqld.sock
skip-grant-tables
# Without it a server that asks nobody for a password opens no port.
skip-networking = 0
port = 3306
innodb_buffer_pool_size = 8M
innodb_log_file_size = 4M
innodb_data_file_path = ibdata1:4M:autoextend
innodb_undo_tablespaces = 0
innodb_temp_data_file_path = ibtmp1:4M:autoextend
performance_schema = OFF
`

/** MariaDB; stands in for the image mysql of a registry. */
export const mysql = (suite: Suite): ContainerTree => ({
  name: 'mysql',
  packages: [],
  programs: ['/usr/sbin/mariadbd'],
  // Without its messages it does not start.
  copies: [`/usr/share/${suite === 'bookworm' ? 'mysql' : 'mariadb'}/english/errmsg.sys`],
  folders: ['/root', '/run', '/tmp', '/var/lib/mysql'],
  files: { ...accounts, '/etc/mysql/my.cnf': settings },
  scripts: {},
  links: { '/usr/sbin/mysqld': 'mariadbd' },
  images: [{ tags: ['mysql:5.7'], ports: ['3306/tcp'], environment: {}, folder: '', command: ['mysqld'] }],
})
