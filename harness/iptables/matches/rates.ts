import { type Extension, flag, pair, word } from '../syntax.ts'
import { decimal } from '../values/number.ts'
import { rate } from '../values/rate.ts'

const fiveAtOnce = { standard: ['5'] }

export const limit: Extension = {
  '--limit': word(rate, { standard: ['3/hour'] }),
  '--limit-burst': word(decimal, fiveAtOnce),
}

export const hashlimit: Extension = {
  '--hashlimit-upto': word(rateOrBytes, { aliases: ['--hashlimit'] }),
  '--hashlimit-above': word(rateOrBytes),
  '--hashlimit-burst': word(undefined, fiveAtOnce),
  '--hashlimit-mode': word(),
  '--hashlimit-srcmask': word(decimal),
  '--hashlimit-dstmask': word(decimal),
  '--hashlimit-name': word(),
  '--hashlimit-htable-size': word(decimal),
  '--hashlimit-htable-max': word(decimal),
  '--hashlimit-htable-expire': word(decimal),
  '--hashlimit-htable-gcinterval': word(decimal),
  '--hashlimit-rate-match': flag(),
  '--hashlimit-rate-interval': word(decimal),
}

export const connlimit: Extension = {
  '--connlimit-upto': word(decimal),
  '--connlimit-above': word(decimal),
  '--connlimit-mask': word(decimal, { standard: ['32', '128'] }),
  '--connlimit-saddr': flag({ standard: [''] }),
  '--connlimit-daddr': flag(),
}

export const statistic: Extension = {
  '--mode': word(),
  '--probability': word(probability),
  '--every': word(decimal),
  '--packet': word(decimal),
}

export const recent: Extension = {
  '--set': flag(),
  '--rcheck': flag(),
  '--update': flag(),
  '--remove': flag(),
  '--seconds': word(decimal),
  '--reap': flag(),
  '--hitcount': word(decimal),
  '--rttl': flag(),
  '--name': word(undefined, { standard: ['DEFAULT'] }),
  '--mask': word(undefined, { standard: ['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'] }),
  '--rsource': flag({ standard: [''] }),
  '--rdest': flag(),
}

/** A set of addresses: its name, and which of the packet's fields are looked up. */
export const set: Extension = {
  '--match-set': pair(),
  '--return-nomatch': flag(),
  '--update-counters': flag(),
  '--update-subcounters': flag(),
  '--packets-eq': word(decimal),
  '--packets-lt': word(decimal),
  '--packets-gt': word(decimal),
  '--bytes-eq': word(decimal),
  '--bytes-lt': word(decimal),
  '--bytes-gt': word(decimal),
}

function rateOrBytes(text: string): string {
  return /^\d+(\/[a-z]+)?$/i.test(text) ? rate(text) : text
}

// The kernel keeps a fraction of 2^31, and iptables-save prints that.
function probability(text: string): string {
  return (Math.round(Number(text) * 2 ** 31) / 2 ** 31).toFixed(11)
}
