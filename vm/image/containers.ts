import type { Suite } from '../suite.ts'
import { busybox } from './containers/busybox.ts'
import type { ContainerTree } from './containers/image.ts'
import { mysql } from './containers/mysql.ts'
import { playground } from './containers/playground.ts'
import { web } from './containers/web.ts'

/** The container images that labs need, by the names that the documents give them, made from a suite's packages. */
export function containerTrees(suite: Suite): ContainerTree[] {
  return [busybox, web, mysql(suite), playground]
}
