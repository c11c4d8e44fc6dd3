import { styleText } from 'node:util'
import type { Finding } from '../../vm/machine.ts'
import { wantsColor } from '../reporters/output.ts'

/** What was found for one provider. */
export interface Diagnosis {
  title: string
  /** undefined where there is nothing to judge, only something to say. */
  usable: boolean | undefined
  findings: Finding[]
}

/** Looks at this host, changes nothing, and prints what each provider has and lacks; 0 when one can be used, else 2. */
export async function doctor(): Promise<number> {
  const diagnoses = await diagnose()
  process.stdout.write(inWords(diagnoses, wantsColor(process.stdout.isTTY === true, process.env)))
  return diagnoses.some(({ usable }) => usable) ? 0 : 2
}

async function diagnose(): Promise<Diagnosis[]> {
  const [{ sandbox }, { qemu }, { vagrant }, { checkImageTools }] = await Promise.all([
    import('../../vm/providers/sandbox.ts'),
    import('../../vm/providers/qemu.ts'),
    import('../../vm/providers/vagrant.ts'),
    import('../../vm/image/check.ts'),
  ])
  const providers = [sandbox, qemu, vagrant].map(provider => provider.check())
  const [image = [], inSandbox = [], inQemu = [], inVagrant = []] = await Promise.all([checkImageTools(), ...providers])
  const ready = (findings: Finding[]) => findings.every(({ ok, optional }) => ok || optional === true)
  return [
    { title: 'image: what machines run, built here once for each suite', usable: undefined, findings: image },
    { title: 'sandbox: namespaces on this kernel', usable: ready(image) && ready(inSandbox), findings: inSandbox },
    { title: 'qemu: a virtual machine', usable: ready(image) && ready(inQemu), findings: inQemu },
    { title: 'vagrant: a Debian box in VirtualBox or libvirt', usable: ready(inVagrant), findings: inVagrant },
    { title: 'ssh: a disposable machine of yours, --on ssh://user@host[:port]', usable: undefined, findings: [] },
  ]
}

/** The diagnoses for people: what is there, what is not and how to mend it; at the end what can be used. */
export function inWords(diagnoses: Diagnosis[], color: boolean): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  const finding = ({ need, ok, optional, saw, mend }: Finding) => {
    const mark = ok ? style('green', '✓') : optional ? style('yellow', '-') : style('red', '✗')
    const remedy = mend === '' ? '' : `      mend  ${mend}\n`
    return `  ${mark} ${need}${style('dim', `: ${saw}`)}\n${remedy}`
  }
  const sections = diagnoses.map(({ title, findings, usable }) => {
    const verdict = usable === undefined ? '' : usable ? style('green', ' (usable)') : style('red', ' (not usable)')
    return `${style('bold', title)}${verdict}\n${findings.map(finding).join('')}\n`
  })
  const usable = diagnoses.filter(diagnosis => diagnosis.usable).map(({ title }) => title.split(':')[0])
  const sum =
    usable.length > 0
      ? `Labs can run here on ${usable.join(' and ')}.`
      : 'Labs can run here only by ssh, until what is marked ✗ is mended. Packages, npm run lab NAME installs by itself.'
  return `${sections.join('')}${sum}\n`
}
