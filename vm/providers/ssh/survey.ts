import { HostError } from '../../errors.ts'
import { containerTrees } from '../../image/containers.ts'
import { defaultSuite } from '../../suite.ts'
import { type Address, formatAddress, formatUrl, sshCommand } from './address.ts'
import { claimFile, inUse, readClaim } from './claim.ts'

/** What a machine says about itself before a lab may change it. */
export interface Survey {
  /** The user's id there. */
  uid: string
  /** Whether /etc/vethlab-disposable exists, or its owner has said so. */
  disposable: boolean
  /** The claim of the lab that has it (claim.ts); empty when none has. */
  claimed: string
  /** Programs that labs and looks use and that it lacks. */
  missing: string[]
  /** Addresses in the netns `outside`, space-separated; empty where there is no such netns. */
  outside: string
  /** Addresses of eth0. */
  uplink: string
  /** How packets for 114.114.114.114 leave, as `ip route get` says. */
  wayOut: string
  /** net.ipv4.ip_forward. */
  forwarding: string
  /** One of its firewall's rules, iptables' or nftables', or a policy to drop; empty where there is neither. */
  rule: string
  /** Version of the engine that answers; empty where none does. */
  engine: string
  /** Names of the engine's images, each with its tag. */
  images: string[]
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
saves='iptables-save iptables-nft-save iptables-legacy-save'
addresses() { ip "$@" 2>/dev/null | while read -r _ _ _ address _; do printf '%s ' "$address"; done; }
echo "uid=$(id -u)"
[ -e /etc/vethlab-disposable ] && echo disposable=yes
[ ! -e ${claimFile} ] || sed 's/^/claimed=/' ${claimFile}
echo "missing=$(for program in ${Object.keys(programs).join(' ')}; do command -v $program >/dev/null || printf '%s ' $program; done)"
echo "outside=$(addresses -n outside -o address show)"
echo "uplink=$(addresses -o address show dev eth0)"
echo "wayOut=$(ip route get 114.114.114.114 2>&1 | head -n 1)"
echo "forwarding=$(cat /proc/sys/net/ipv4/ip_forward)"
echo "rule=$(
  {
    for save in $saves; do $save 2>/dev/null; done | grep -e '^-A' -e '^:[A-Z]* DROP'
    # What iptables leaves untold: the tables of nftables itself, of any family.
    nft -s list ruleset 2>/dev/null | awk '
      /^table/ { table = $2 " " $3 }
      /^\\tchain/ { chain = $2; next }
      /^\\t}/ { chain = "" }
      chain != "" && NF > 0 && !/policy accept;/ { sub(/^\\t+/, ""); print "nft " table " " chain ": " $0 }'
  } | head -n 1
)"
echo "engine=$(timeout 20 docker -H unix:///run/docker.sock version --format '{{.Server.Version}}' 2>/dev/null)"
echo "images=$(timeout 20 docker -H unix:///run/docker.sock image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | tr '\\n' ' ')"
echo "traces=$(
  ip link show docker0 >/dev/null 2>&1 && printf 'docker0 '
  for save in $saves; do
    $save 2>/dev/null | while read -r chain _; do case $chain in :DOCKER*) printf '%s ' "\${chain#:}" ;; esac; done
  done
)"`

/** Reads what the script printed. */
export function readSurvey(output: string): Survey {
  const said = new Map<string, string>()
  for (const line of output.split('\n')) {
    const [key = '', ...value] = line.split('=')
    const text = value.join('=').trim()
    // A claim has several lines.
    said.set(key, key === 'claimed' && said.has(key) ? `${said.get(key)}\n${text}` : text)
  }
  const text = (key: string) => said.get(key) ?? ''
  const words = (key: string) => text(key).split(/\s+/).filter(Boolean)
  return {
    uid: text('uid'),
    disposable: text('disposable') === 'yes',
    claimed: text('claimed'),
    missing: words('missing'),
    outside: text('outside'),
    uplink: text('uplink'),
    wayOut: text('wayOut'),
    forwarding: text('forwarding'),
    rule: text('rule'),
    engine: text('engine'),
    images: words('images'),
    traces: [...new Set(words('traces'))].join(' '),
  }
}

/** Why nothing may be changed there; undefined if it may. */
export function barred(survey: Survey, address: Address): HostError | undefined {
  const no = refuser(address)
  if (survey.uid !== '0') {
    return no(
      `lets ${address.username} in, who is not root there (user ${survey.uid}): labs change links, rules and netns`,
      `log in as root: ssh://root@${address.host}${address.port === 22 ? '' : `:${address.port}`}`,
    )
  }
  if (!survey.disposable) {
    return no(
      'is not declared disposable, and labs change the network and the firewall of the machine that they run in',
      `only if nothing on it would be missed: ${sshCommand(address, "'touch /etc/vethlab-disposable'")}, or --disposable for this run (docs/ssh.md)`,
    )
  }
  return survey.claimed === '' ? undefined : inUse(readClaim(survey.claimed), address)
}

/** Why a lab can't run there, the first reason that counts; undefined if it can. */
export function refusal(survey: Survey, address: Address, { engine }: { engine: boolean }): HostError | undefined {
  const no = refuser(address)
  const bar = barred(survey, address)
  if (bar) return bar
  if (survey.missing.length > 0) {
    return no(
      `lacks what labs work with: ${survey.missing.join(', ')}`,
      `${prepareCommand(address)}, or ${sshCommand(address, `'apt-get install ${packagesOf(survey.missing).join(' ')}'`)}`,
    )
  }
  const unmade = [
    ...lacking('the netns outside', survey.outside, ['203.0.113.1/24', '114.114.114.114/32']),
    ...lacking('the uplink eth0', survey.uplink, ['203.0.113.2/24']),
  ]
  if (unmade.length === 0 && !/ via 203\.0\.113\.1 dev eth0 /.test(survey.wayOut)) {
    unmade.push(`packets for 114.114.114.114 don't leave by the uplink (${survey.wayOut})`)
  }
  if (unmade.length > 0) {
    return no(
      `has not the network that labs expect: ${unmade.join('; ')}`,
      `${prepareCommand(address)}, or in the project's folder ${sshCommand(address, 'sh -s <vm/guest/network')} (docs/ssh.md)`,
    )
  }
  return engine ? refusalOfEngine(survey, no, address) : refusalOfVirgin(survey, no, address)
}

/** The packages that have these programs. */
export function packagesOf(missing: string[]): string[] {
  return [...new Set(missing.flatMap(program => programs[program] ?? []))]
}

/** The container images that labs run and that are not there. */
export function imagesLacking({ images }: Pick<Survey, 'images'>): string[] {
  return containerTrees(defaultSuite)
    .flatMap(tree => tree.images.flatMap(({ tags }) => tags))
    .filter(tag => !images.includes(tag))
}

type No = (message: string, mend: string) => HostError

function refuser(address: Address): No {
  return (message, mend) => new HostError(`${formatAddress(address)} ${message}`, { mend })
}

function prepareCommand(address: Address): string {
  return `npm run lab prepare ${formatUrl(address)}`
}

function refusalOfEngine({ engine, images }: Survey, no: No, address: Address): HostError | undefined {
  if (engine === '') {
    return no('has no engine that answers at /run/docker.sock', sshCommand(address, "'apt-get install docker.io'"))
  }
  const lacks = imagesLacking({ images })
  if (lacks.length === 0) return undefined
  return no(
    `has not the container images that labs run: ${lacks.join(', ')}`,
    `${prepareCommand(address)}; no lab asks a registry`,
  )
}

function refusalOfVirgin(survey: Survey, no: No, address: Address): HostError | undefined {
  if (survey.engine !== '' || survey.traces !== '') {
    const saw = survey.engine === '' ? survey.traces : `Docker ${survey.engine}`
    return no(
      `is no machine on which no engine has ever run, which this lab needs: an engine changes forwarding and the FORWARD policy (saw ${saw})`,
      'use a machine without Docker, freshly booted, or one of ours: --on qemu or --on sandbox',
    )
  }
  if (survey.forwarding === '1') {
    return no(
      'forwards (net.ipv4.ip_forward is 1), and this lab shows what does not work before forwarding is switched on',
      sshCommand(address, "'sysctl -w net.ipv4.ip_forward=0'"),
    )
  }
  if (survey.rule !== '') {
    return no(
      `has firewall rules, and this lab's are to be the only ones (saw ${survey.rule})`,
      'switch its firewall off and reboot it, or use a machine of ours: --on qemu or --on sandbox',
    )
  }
  return undefined
}

function lacking(place: string, has: string, wanted: string[]): string[] {
  const missing = wanted.filter(address => !has.split(/\s+/).includes(address))
  return missing.length === 0 ? [] : [`${place} lacks ${missing.join(' and ')}`]
}
