import type { Reporter, RunEvent, RunStarted } from '../events.ts'
import { brief } from './brief.ts'
import { inOrder } from './in-order.ts'
import type { Output } from './output.ts'
import { type SideBySide, sideBySide } from './side-by-side.ts'
import { story } from './story.ts'

/**
 * The run as a story that a person can follow: colours, and shortened output, on a terminal only. Of labs that go on side by
 * side a log has the stories one after another; a terminal has a line for each, and the stories of those that fail.
 */
export function reporter(output: Output): Reporter {
  const { color, terminal } = output
  const stories = inOrder(teller(output))
  let besides: SideBySide | undefined
  return {
    on(event) {
      if (event.type === 'run-started' && terminal && several(event)) {
        const refused = new Set<string>()
        const whole = () => story({ color, shorten: true, refused })
        besides = sideBySide(output, { whole, brief: () => brief({ color }) })
      }
      if (besides) besides.on(event)
      else stories.on(event)
    },
    aside(write) {
      if (besides) besides.aside(write)
      else write()
    },
    end() {
      stories.flush()
      besides?.end()
      output.close()
    },
  }
}

function several({ runs, jobs, repeat }: RunStarted): boolean {
  return (runs.length > 1 && jobs.number > 1) || repeat > 1
}

/** Writes the story as it comes. On a terminal a line of progress stands until there is something else to tell. */
function teller(output: Output): (event: RunEvent) => void {
  const told = story({ color: output.color, shorten: output.terminal })
  let progress = false
  return event => {
    if (event.type === 'progress' && output.terminal) {
      output.write(
        `\r\x1b[K${told(event)
          .trimEnd()
          .slice(0, output.columns - 1)}`,
      )
      progress = true
      return
    }
    const text = told(event)
    if (text === '') return
    output.write(progress ? `\r\x1b[K${text}` : text)
    progress = false
  }
}
