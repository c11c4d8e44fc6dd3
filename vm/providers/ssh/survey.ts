import { HostError } from '../../errors.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'

/** What a machine says about itself before a lab may change it. */
export interface Survey {
  /** The user's id there. */
  uid: string
  /** Whether /etc/vethlab-disposable exists. */
  disposable: boolean
  /** Programs that labs and looks use and that it lacks. */
  missing: string[]
  /** Addresses in the netns `outside`, space-separated; empty where there is no such netns. */
  outside: string
  /** Addresses of eth0. */
  uplink: string
  /** Version of the engine that answers; empty where none does. */
  engine: string
  /** What an engine left in the kernel: links and chains, space-separated. */
  traces: string
}

/** What labs and looks run on any machine, and the Debian packages that have it; an image of ours has all of it. */
const programs: Record<string, string> = {
  bash: 'bash',
  ip: 'iproute2',
  brctl: 'bridge-utils',
  ifconfig: 'net-tools',
  ping: 'iputils-ping',
  nsenter: 'util-linux',
  sysctl: 'procps',
  iptables: 'iptables',
  conntrack: 'conntrack',
  tcpdump: 'tcpdump',
  curl: 'curl',
}

/** POSIX sh that prints a survey, one `key=value` a line. */
export const surveyScript = `
addresses() { ip "$@" 2>/dev/null | while read -r _ _ _ address _; do printf '%s ' "$address"; done; }
echo "uid=$(id -u)"
[ -e /etc/vethlab-disposable ] && echo disposable=yes
echo "missing=$(for program in ${Object.keys(programs).join(' ')}; do command -v $program >/dev/null || printf '%s ' $program; done)"
echo "outside=$(addresses -n outside -o address show)"
echo "uplink=$(addresses -o address show dev eth0)"
echo "engine=$(timeout 20 docker -H unix:///run/docker.sock version --format '{{.Server.Version}}' 2>/dev/null)"
echo "traces=$(
  ip link show docker0 >/dev/null 2>&1 && printf 'docker0 '
  for save in iptables-save iptables-nft-save iptables-legacy-save; do
    $save 2>/dev/null | while read -r chain _; do case $chain in :DOCKER*) printf '%s ' "\${chain#:}" ;; esac; done
  done
)"`

/** Reads what the script printed. */
export function readSurvey(output: string): Survey {
  const said = new Map(
    output.split('\n').map(line => {
      const [key = '', ...value] = line.split('=')
      return [key, value.join('=').trim()]
    }),
  )
  const text = (key: string) => said.get(key) ?? ''
  return {
    uid: text('uid'),
    disposable: text('disposable') === 'yes',
    missing: text('missing').split(/\s+/).filter(Boolean),
    outside: text('outside'),
    uplink: text('uplink'),
    engine: text('engine'),
    traces: [...new Set(text('traces').split(/\s+/))].join(' '),
  }
}

/** Why a lab can't run there, the first reason that counts; undefined if it can. */
export function refusal(survey: Survey, address: Address, { engine }: { engine: boolean }): HostError | undefined {
  const name = formatAddress(address)
  const no = (message: string, mend: string) => new HostError(`${name} ${message}`, { mend })
  if (survey.uid !== '0') {
    return no(
      `lets ${address.username} in, who is not root there (user ${survey.uid}): labs change links, rules and netns`,
      `log in as root: ssh://root@${address.host}${address.port === 22 ? '' : `:${address.port}`}`,
    )
  }
  if (!survey.disposable) {
    return no(
      'is not declared disposable, and labs change the network and the firewall of the machine that they run in',
      `only if nothing on it would be missed: ${sshCommand(address, "'touch /etc/vethlab-disposable'")}`,
    )
  }
  if (survey.missing.length > 0) {
    const packages = [...new Set(survey.missing.map(program => programs[program]))].join(' ')
    return no(
      `lacks what labs work with: ${survey.missing.join(', ')}`,
      sshCommand(address, `'apt-get install ${packages}'`),
    )
  }
  const unmade = [
    ...lacking('the netns outside', survey.outside, ['203.0.113.1/24', '114.114.114.114/32']),
    ...lacking('the uplink eth0', survey.uplink, ['203.0.113.2/24']),
  ]
  if (unmade.length > 0) {
    return no(
      `has not the network that labs expect: ${unmade.join('; ')}`,
      'set it up there as vm/guest/init does in our own machines, or use one of those: --on qemu or --on sandbox',
    )
  }
  if (engine && survey.engine === '') {
    return no('has no engine that answers at /run/docker.sock', `${sshCommand(address, "'apt-get install docker.io'")}`)
  }
  if (!engine && (survey.engine !== '' || survey.traces !== '')) {
    const saw = survey.engine === '' ? survey.traces : `Docker ${survey.engine}`
    return no(
      `is no machine on which no engine has ever run, which this lab needs: an engine changes forwarding and the FORWARD policy (saw ${saw})`,
      'use a machine without Docker, freshly booted, or one of ours: --on qemu or --on sandbox',
    )
  }
  return undefined
}

function lacking(place: string, has: string, wanted: string[]): string[] {
  const missing = wanted.filter(address => !has.split(/\s+/).includes(address))
  return missing.length === 0 ? [] : [`${place} lacks ${missing.join(' and ')}`]
}
