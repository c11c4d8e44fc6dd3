import { RuleError } from '../rule-error.ts'
import { range, whole } from './number.ts'

/** A port or a range of ports, as numbers: 'http' → '80', '1000:' → '1000:65535', '80:80' → '80'. Throws a RuleError. */
export function ports(text: string): string {
  return range(text, 65535, port)
}

/** A list of ports and ranges, lowest first. */
export function portList(text: string): string {
  return text
    .split(',')
    .map(ports)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.length - b.length)
    .join(',')
}

function port(text: string): number {
  const number = /^\d+$/.test(text) ? whole(text) : services.get(text)
  if (number === undefined || number > 65535) throw new RuleError(`not a port: ${text} (write its number)`)
  return number
}

// Those of /etc/services that people write in rules; iptables itself resolves a name when it adds the rule and saves the number.
const services = new Map(
  Object.entries({
    'ftp-data': 20,
    ftp: 21,
    ssh: 22,
    telnet: 23,
    smtp: 25,
    domain: 53,
    bootps: 67,
    bootpc: 68,
    tftp: 69,
    http: 80,
    www: 80,
    kerberos: 88,
    pop3: 110,
    sunrpc: 111,
    ntp: 123,
    imap2: 143,
    snmp: 161,
    bgp: 179,
    ldap: 389,
    https: 443,
    syslog: 514,
    submission: 587,
    ldaps: 636,
    domains: 853,
    imaps: 993,
    pop3s: 995,
    nfs: 2049,
    mysql: 3306,
    postgresql: 5432,
    'http-alt': 8080,
  }),
)
