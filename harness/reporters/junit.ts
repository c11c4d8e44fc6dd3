import type { Failure, Reporter, RunEvent } from '../events.ts'
import { jsonReport } from './json.ts'
import type { JsonCommand, JsonLab, JsonRepeated, JsonReport, JsonStep } from './json-report.ts'
import type { Output } from './output.ts'
import { differencesInWords, documentInWords, failureInWords, prompt, whichRun } from './words.ts'

/** JUnit XML at the end of the run, as CI systems read it. */
export function reporter(output: Output): Reporter {
  const events: RunEvent[] = []
  return {
    on: event => void events.push(event),
    end() {
      output.write(junitXml(jsonReport(events)))
      output.close()
    },
  }
}

/** A suite for each lab, a case for each step; what the steps don't account for (machine, clean-up, residue) is a case of its own. */
export function junitXml(report: JsonReport): string {
  const suites = report.labs.map(lab => suiteOf(lab, report.startedAt))
  suites.push(...report.repeated.map(comparisonOf))
  const nothing = report.failures.filter(({ lab }) => lab === null)
  if (nothing.length > 0) {
    suites.push(
      element('testsuite', { name: 'vethlab', tests: 1, failures: 0, errors: 1, skipped: 0, time: 0 }, [
        element('testcase', { classname: 'vethlab', name: 'the labs can be run', time: 0 }, nothing.map(problem)),
      ]),
    )
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'vethlab', time: seconds(report.ms) }, suites)}`
}

function suiteOf(lab: JsonLab, startedAt: string | null): string {
  const cases = [...lab.steps.map(step => caseOf(step, lab)), ...wholeLab(lab)]
  const number = (tag: string) => cases.filter(text => text.includes(`<${tag}`)).length
  const attributes = {
    name: suiteName(lab),
    tests: cases.length,
    failures: number('failure '),
    errors: number('error '),
    skipped: number('skipped'),
    time: seconds(lab.ms),
    ...(startedAt === null ? {} : { timestamp: startedAt.replace(/\.\d+Z$/, '') }),
  }
  const facts = lab.machines.flatMap(({ name, facts }) =>
    Object.entries(facts).map(([fact, value]) => [name === null ? fact : `${name} ${fact}`, value] as const),
  )
  const about = [['title', lab.title] as const, ['document', documentInWords(lab.document)] as const]
  const properties = [...about, ...facts].map(([name, value]) =>
    element('property', { name, value: String(value) }, []),
  )
  return element('testsuite', attributes, [element('properties', {}, properties), ...cases])
}

/** That a lab's runs are alike is a case, in a suite beside those of the runs. */
function comparisonOf({ lab, cell, runs, differences }: JsonRepeated): string {
  const name = `${lab}${whichRun({ cell })}, runs compared`
  const message = `the ${runs} runs of ${lab} differ`
  const differ = differences.length > 0
  const failure = element('failure', { type: 'difference', message }, [escapeXml(differencesInWords(differences))])
  return element('testsuite', { name, tests: 1, failures: differ ? 1 : 0, errors: 0, skipped: 0, time: 0 }, [
    element('testcase', { classname: name, name: 'all runs are alike', time: 0 }, differ ? [failure] : []),
  ])
}

/** Each run of a lab is a suite of its own. */
function suiteName({ name, repetition, cell }: JsonLab): string {
  return `${name}${whichRun({ cell, repetition })}`
}

function caseOf(step: JsonStep, lab: JsonLab): string {
  const attributes = { classname: suiteName(lab), name: `${step.number}. ${step.title}`, time: seconds(step.ms) }
  return element('testcase', attributes, [
    ...(step.status === 'skipped'
      ? [element('skipped', step.reason === null ? {} : { message: step.reason }, [])]
      : []),
    ...(step.failure ? [problem(step.failure)] : []),
    ...(step.status === 'failed' && !step.failure
      ? [problem({ kind: 'interrupted', message: 'the run was stopped' })]
      : []),
    ...transcript('system-out', step.commands.map(typed).join('')),
  ])
}

function wholeLab(lab: JsonLab): string[] {
  const { failure } = lab
  const ofStep = lab.steps.some(
    step => step.failure?.kind === failure?.kind && step.failure?.message === failure?.message,
  )
  if (!failure || ofStep) return []
  const said = [problem(failure), ...transcript('system-out', lab.undo.map(typed).join(''))]
  return [element('testcase', { classname: suiteName(lab), name: 'machine and clean-up', time: 0 }, said)]
}

/** JUnit tells a claim that failed from an error that left it open. */
function problem(failure: Failure): string {
  const tag = ['claim', 'command', 'residue'].includes(failure.kind) ? 'failure' : 'error'
  return element(tag, { type: failure.kind, message: failure.message }, [escapeXml(failureInWords(failure))])
}

function typed({ machine, segment, command, stdout, stderr, exitCode }: JsonCommand): string {
  return `${prompt({ machine, segment })} ${command}\n${stdout}${stderr}${exitCode === 0 ? '' : `(exit code ${exitCode})\n`}`
}

function transcript(tag: string, text: string): string[] {
  return text === '' ? [] : [element(tag, {}, [escapeXml(text)])]
}

function element(tag: string, attributes: Record<string, string | number>, content: string[]): string {
  const pairs = Object.entries(attributes).map(
    ([name, value]) => ` ${name}="${escapeXml(String(value)).replaceAll('\n', '&#10;')}"`,
  )
  const open = `<${tag}${pairs.join('')}`
  return content.length === 0
    ? `${open}/>\n`
    : `${open}>${content[0]?.startsWith('<') ? '\n' : ''}${content.join('')}</${tag}>\n`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

/** Text for XML 1.0; characters that no XML document may hold, escaped or not, become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"\r]/g, character => entities[character] ?? character)
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
