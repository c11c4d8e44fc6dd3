import { type Extension, flag, type OptionSyntax, shorthand, word } from '../syntax.ts'
import { markAnd, markOr, markSet, markXor, markXored, mask } from '../values/mark.ts'

const xored = (read: (text: string) => string): OptionSyntax =>
  shorthand(1, ['--set-xmark'], ([text = '']) => [read(text)])

/** All five ways to set a mark are one to the kernel: clear some bits, XOR some. */
const set: Extension = {
  '--set-xmark': word(markXored),
  '--set-mark': xored(markSet),
  '--and-mark': xored(markAnd),
  '--or-mark': xored(markOr),
  '--xor-mark': xored(markXor),
}

const wholeMark = { standard: ['0xffffffff'] }

export const marks: Readonly<Record<string, Extension>> = {
  MARK: set,
  CONNMARK: {
    ...set,
    '--save-mark': flag(),
    '--restore-mark': flag(),
    '--nfmask': word(mask, wholeMark),
    '--ctmask': word(mask, wholeMark),
    '--mask': shorthand(1, ['--nfmask', '--ctmask'], ([text = '']) => [mask(text)]),
  },
  TPROXY: {
    '--on-port': word(),
    '--on-ip': word(undefined, { standard: ['0.0.0.0', '::'] }),
    '--tproxy-mark': word(markXored, { standard: ['0x0/0x0'] }),
  },
}
