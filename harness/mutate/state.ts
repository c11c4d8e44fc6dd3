import type { Rule } from '../iptables/model.ts'
import { printRule } from '../iptables/print.ts'
import type { Act, Operator } from './mutation.ts'
import { cameIn, compete, type RuleUse, returns, useWhileThere, whyIdle } from './rules.ts'
import { chainBeside, folder, rulesOf, type Snapshot } from './snapshot.ts'

/** One way to break what a command, or the machine's start, has made; or why it would be none. */
export interface StateMutation {
  operator: Operator
  change: string
  act: Act
  /** Why nothing can depend on it; undefined where something may. */
  idle: string | undefined
}

/** The ways to break what came with a command: rules, ports, sysctls that it did not name itself. */
export function mutationsAfter(command: string, before: Snapshot, after: Snapshot, use: RuleUse): StateMutation[] {
  const rules = /\bip6?tables\b/.test(command) ? [] : cameIn(before, after)
  const ports = /\bmaster\b|\baddif\b/.test(command) ? [] : after.ports.filter(name => !before.ports.includes(name))
  const sysctls = /\bsysctl\b|\/proc\/sys\//.test(command) ? [] : [...after.sysctls]
  return [
    ...rules.flatMap((rule, i) =>
      ruleMutations(rule, after, use, how => afterwards(takeRules, newRule(i + 1, rules.length, how))),
    ),
    ...ports.map(
      (_, i): StateMutation => ({
        ...{ operator: 'pull-port', idle: undefined },
        change: `the ${ports.length > 1 ? `${i + 1}. ` : ''}port that came is taken out of its bridge`,
        act: afterwards(`${listPorts} >${folder}/ports || :`, pullPort(i + 1, ports.length)),
      }),
    ),
    ...sysctls.flatMap(([key, value]): StateMutation[] => {
      const old = before.sysctls.get(key)
      if (old === undefined || old === value) return []
      const act = afterwards('', `sysctl -qw ${key}=${old}`)
      return [{ operator: 'flip-sysctl', idle: undefined, change: `${key} is set back to ${old}`, act }]
    }),
  ]
}

/** The ways to break what is there when the machine comes up: the engine's rules, and that it forwards. */
export function mutationsAtStart(machine: string | null, start: Snapshot, use: RuleUse): StateMutation[] {
  const forwarded = use.snapshots.some(({ forwarded }) => forwarded > start.forwarded)
  const forwards = start.sysctls.get('net.ipv4.ip_forward') === '1'
  const atStart = (script: string): Act => ({ kind: 'at-start', machine, script })
  const rules = rulesOf(start)
  return [
    ...rules.flatMap((rule, i) =>
      ruleMutations(rule, start, use, how => atStart(`${allRules} | sed -n ${i + 1}p | ${act[how]}`)),
    ),
    ...(forwards
      ? [
          {
            operator: 'flip-sysctl' as const,
            change: 'net.ipv4.ip_forward is set to 0',
            act: atStart('sysctl -qw net.ipv4.ip_forward=0'),
            idle: forwarded ? undefined : 'no packet of the lab is forwarded',
          },
        ]
      : []),
  ]
}

type How = 'drop' | 'first' | 'last'

function ruleMutations(rule: Rule, snapshot: Snapshot, whole: RuleUse, actOn: (how: How) => Act): StateMutation[] {
  const use = useWhileThere(rule, snapshot, whole)
  const idle = whyIdle(rule, use)
  const others = (chainBeside(rule, rule.chain, snapshot)?.rules ?? []).filter(
    ({ position }) => position !== rule.position,
  )
  const how = others.some(({ position }) => position > rule.position) ? 'last' : 'first'
  const passed = others.filter(({ position }) => (how === 'last' ? position > rule.position : position < rule.position))
  const text = `${rule.family === 'inet' ? '' : 'ip6tables '}${printRule(rule)}`
  const drop: StateMutation = { operator: 'drop-rule', change: `without the rule ${text}`, act: actOn('drop'), idle }
  // Where it passes none that decides otherwise, the order says nothing.
  const differ = passed.filter(other => compete(rule, other, use))
  if (differ.length === 0) return [drop]
  const overtaken = differ.every(other => whyIdle(other, use) !== undefined)
    ? 'no packet of the lab met the rules that it passes'
    : undefined
  // At the head of its chain a rule that returns switches the others off, at the end it is as good as gone.
  const moved = returns(rule) ? (how === 'first' ? overtaken : idle) : (idle ?? overtaken)
  return [
    drop,
    { operator: 'move-rule', change: `${how} of its chain: the rule ${text}`, act: actOn(how), idle: moved },
  ]
}

function afterwards(before: string, script: string): Act {
  return { kind: 'afterwards', before, script }
}

/** Each rule with its program and its table in front, as one line; in the order of `rulesOf`. */
const allRules =
  "for p in iptables ip6tables; do $p-save | awk -v p=$p '/^[*]/ { t = substr($1, 2) } /^-A/ { print p, t, $0 }'; done"
// Where this fails the change is not made, and known for not made: the command must not fail for it.
const takeRules = `${allRules} >${folder}/rules || :`

function newRule(nth: number, of: number, how: How): string {
  return `${awaited(`${allRules} | grep -vxFf ${folder}/rules`, nth, of)} && echo "$one" | ${act[how]}`
}

/** Waits until a command prints that many lines, of which the nth then is `$one`: an engine may make them a little later, as a swarm's does. */
function awaited(command: string, nth: number, of: number): string {
  const line = `${command} | awk 'NR == ${nth} { one = $0 } END { if (NR >= ${of}) print one }'`
  return `for _ in $(seq 30); do one=$(${line}); [ "$one" ] && break; sleep 0.1; done; [ "$one" ]`
}

const remove = `printf '*%s\\n-D%s\\nCOMMIT\\n' "$t" "\${r#-A}"`

/** Each reads a rule with its program and its table in front, and does it. */
const act: Record<How, string> = {
  drop: `{ read -r p t r && ${remove} | $p-restore -n; }`,
  last: `{ read -r p t r && printf '*%s\\n-D%s\\n%s\\nCOMMIT\\n' "$t" "\${r#-A}" "$r" | $p-restore -n; }`,
  first: `{ read -r p t r && printf '*%s\\n-D%s\\n-I%s\\nCOMMIT\\n' "$t" "\${r#-A}" "\${r#-A}" | $p-restore -n; }`,
}

const listPorts = 'ls -d /sys/class/net/*/brport 2>/dev/null'

function pullPort(nth: number, of: number): string {
  const come = awaited(`${listPorts} | grep -vxFf ${folder}/ports`, nth, of)
  return `${come} && one=\${one%/brport} && ip link set "\${one##*/}" nomaster`
}
