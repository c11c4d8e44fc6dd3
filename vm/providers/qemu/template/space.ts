import { HostError } from '../../../errors.ts'
import { explainFileError } from '../../../image/explain.ts'
import { freeMegabytes } from '../../../image/space.ts'

/** Megabytes that a template takes. */
const needed = 900

/** Throws a HostError when a template would fill the disk: better now than in a minute. */
export async function requireSpace(folder: string, megabytes = needed): Promise<void> {
  const free = await freeMegabytes(folder)
  if (free < megabytes) throw diskFull(folder, `${free} MB are free, one takes ${needed}`)
}

/** What stands in the way in the folder of templates, for people; any other error as it is. */
export function explainTemplateError(error: unknown, templates: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? diskFull(templates, message, error)
    : explainFileError(error, templates)
}

function diskFull(folder: string, saw: string, cause?: unknown): HostError {
  return new HostError(`the disk is too full for a template in ${folder}: ${saw}`, {
    mend: `free ${needed} MB there, or set XDG_CACHE_HOME to a folder on a larger disk`,
    cause,
  })
}
