import type { Frame, InnerFrame } from './frame.ts'

/** A frame in one line, much as tcpdump prints it, with the TTL, which is what routing shows in, and the frame that travels in it. */
export function frameText(frame: Omit<InnerFrame, 'text'>): string {
  const tag = frame.vlan === undefined ? '' : `vlan ${frame.vlan.id}, `
  return `${tag}${arpText(frame) ?? ipText(frame) ?? otherText(frame)}`
}

function arpText({ arp }: Omit<InnerFrame, 'text'>): string | undefined {
  if (arp === undefined) return undefined
  if (arp.operation === 'request') return `ARP, Request who-has ${arp.target.ip} tell ${arp.sender.ip}`
  if (arp.operation === 'reply') return `ARP, Reply ${arp.sender.ip} is-at ${arp.sender.mac}`
  return `ARP, operation ${arp.operation}, ${arp.sender.ip} to ${arp.target.ip}`
}

function ipText({ ip, icmp, tcp, udp, vxlan }: Omit<InnerFrame, 'text'>): string | undefined {
  if (ip === undefined) return undefined
  const name = ip.version === 4 ? 'IP' : 'IP6'
  const ports = tcp ?? udp
  const [from, to] = ports ? [`.${ports.sourcePort}`, `.${ports.destinationPort}`] : ['', '']
  return `${name} ${ip.source}${from} > ${ip.destination}${to}: ${payloadText({ ip, icmp, tcp, udp, vxlan })}, ttl ${ip.ttl}${innerText(vxlan)}`
}

type Payload = { ip: NonNullable<Frame['ip']> } & {
  [Layer in 'icmp' | 'tcp' | 'udp' | 'vxlan']: Frame[Layer] | undefined
}

function payloadText({ ip, icmp, tcp, udp, vxlan }: Payload): string {
  if (ip.fragmentOffset) return `fragment at ${ip.fragmentOffset}`
  if (icmp) {
    const name = ip.version === 4 ? 'ICMP' : 'ICMP6'
    const type = typeof icmp.type === 'number' ? `type ${icmp.type}` : icmp.type.replaceAll('-', ' ')
    if (icmp.sequence !== undefined) return `${name} ${type}, id ${icmp.id}, seq ${icmp.sequence}`
    const about = icmp.about ? ` about ${icmp.about.source} > ${icmp.about.destination}` : ''
    return `${name} ${type}, code ${icmp.code}${about}`
  }
  if (tcp) return `Flags [${tcp.flags.join(' ')}], length ${tcp.payloadLength}`
  if (vxlan) return `VXLAN, vni ${vxlan.vni}`
  if (udp) return `UDP, length ${udp.payloadLength}`
  return `protocol ${ip.protocol}`
}

function innerText(vxlan: Frame['vxlan']): string {
  return vxlan === undefined ? '' : ` [${vxlan.inner.text}]`
}

function otherText({ ethernet, length }: Omit<InnerFrame, 'text'>): string {
  if (ethernet === undefined) return `unreadable, length ${length}`
  const type = `ethertype 0x${ethernet.type.toString(16).padStart(4, '0')}`
  return `${ethernet.source} > ${ethernet.destination ?? '?'}, ${type}, length ${length}`
}
