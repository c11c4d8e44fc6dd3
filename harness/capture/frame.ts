/** One captured frame as plain data. A layer is there when the frame has it and it could be read. */
export interface Frame {
  /** Where it was captured: 'br01', 'eth0 in netns ns01', a segment's name, or the name that the capture gave the point. */
  at: string
  /** Told on a segment only: the machine that sent it. */
  from?: string
  /** Seconds since 1970, by the guest's clock; on a segment by the host's. */
  time: number
  /** Octets on the wire. */
  length: number
  /** The frame in one line, much as tcpdump prints it. */
  text: string
  /** Told on `any` only. */
  direction?: 'in' | 'out'
  /** Told on `any` only: the interface that it passed. */
  ifindex?: number
  ethernet?: Ethernet
  vlan?: { id: number; priority: number }
  arp?: Arp
  ip?: Ip
  icmp?: Icmp
  tcp?: Tcp
  udp?: Udp
  vxlan?: Vxlan
  /** What could not be read, in hex: a malformed or cut-off header and all after it, or a protocol unknown here. */
  raw?: string
}

export interface Ethernet {
  source: string
  /** Absent on `any`, which doesn't keep it. */
  destination?: string
  /** The EtherType, e.g. 0x0800, after any VLAN tag. */
  type: number
}

export interface Arp {
  operation: 'request' | 'reply' | number
  sender: { mac: string; ip: string }
  target: { mac: string; ip: string }
}

export interface Ip {
  version: 4 | 6
  source: string
  destination: string
  /** Hop limit in IPv6. */
  ttl: number
  /** IPv4 only. */
  id?: number
  protocol: 'icmp' | 'icmp6' | 'tcp' | 'udp' | number
  /** IPv4's DF. */
  dontFragment?: boolean
  /** IPv4's MF: more fragments follow. */
  moreFragments?: boolean
  /** In octets; a fragment after the first has no further layers. */
  fragmentOffset?: number
}

/** ICMP or ICMPv6. */
export interface Icmp {
  /** 'echo-request', 'echo-reply', 'destination-unreachable', 'time-exceeded', 'redirect', 'neighbour-solicitation'… */
  type: string | number
  code: number
  /** Of an echo. */
  id?: number
  /** Of an echo. */
  sequence?: number
  /** Of an error: the packet that it is about. */
  about?: { source: string; destination: string; protocol: Ip['protocol'] }
}

export interface Tcp {
  sourcePort: number
  destinationPort: number
  flags: Array<'FIN' | 'SYN' | 'RST' | 'PSH' | 'ACK' | 'URG' | 'ECE' | 'CWR'>
  sequence: number
  acknowledgement: number
  payloadLength: number
}

export interface Udp {
  sourcePort: number
  destinationPort: number
  payloadLength: number
}

/** A VXLAN header in UDP to port 4789, and the Ethernet frame behind it. */
export interface Vxlan {
  vni: number
  inner: InnerFrame
}

/** A frame that travels in another one; it may carry a further one itself. */
export type InnerFrame = Pick<
  Frame,
  'length' | 'text' | 'ethernet' | 'vlan' | 'arp' | 'ip' | 'icmp' | 'tcp' | 'udp' | 'vxlan' | 'raw'
>
