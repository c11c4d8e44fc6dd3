import { HostError } from '../../vm/errors.ts'
import type { LabHeader, StepHeader } from '../events.ts'
import { unknownName } from './known.ts'

/** The labs of these names, in the order named, each once. @throws HostError for an unknown name, naming `commands` too */
export function labsNamed<T extends { name: string }>(names: string[], labs: T[], commands: string[] = []): T[] {
  return [...new Set(names)].map(name => {
    const lab = labs.find(other => other.name === name)
    if (!lab) throw unknownName('lab', name, [...labs.map(other => other.name), ...commands])
    return lab
  })
}

/** The step that `--until` means: a number, or a part of one title. @throws HostError for none, or several */
export function stepMeant(text: string, { name, steps }: Pick<LabHeader, 'name' | 'steps'>): StepHeader {
  const found = /^\d+$/.test(text)
    ? steps.filter(({ number }) => number === Number(text))
    : steps.filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()))
  const [step, other] = found
  if (step && !other) return step
  const candidates = (other ? found : steps).map(({ number, title }) => `${number}. ${title}`)
  throw new HostError(
    other ? `several steps of ${name} have "${text}" in their title` : `${name} has no step "${text}"`,
    {
      mend: `name one by its number or a part of its title:\n${candidates.join('\n')}`,
    },
  )
}
