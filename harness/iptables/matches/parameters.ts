import { type Extension, flag, word } from '../syntax.ts'
import { network } from '../values/address.ts'
import { protocol } from '../values/protocol.ts'

const everywhere = { standard: ['0.0.0.0/0', '::/0'] }

/** The options that every rule may have, in the order in which iptables-save prints them. */
export const parameters: Extension = {
  '-s': word(network, { aliases: ['--source', '--src'], ...everywhere }),
  '-d': word(network, { aliases: ['--destination', '--dst'], ...everywhere }),
  '-i': word(name => name, { aliases: ['--in-interface'], standard: ['+'] }),
  '-o': word(name => name, { aliases: ['--out-interface'], standard: ['+'] }),
  '-p': word(protocol, { aliases: ['--protocol'], standard: ['all'] }),
  '-f': flag({ aliases: ['--fragment'] }),
}
