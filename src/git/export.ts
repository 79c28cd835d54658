// Writes a commit's tree into a fresh directory: as the release before it with the changes applied where that will do, else as its listing says.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exportChanges } from './export-changes.ts'
import { exportListing } from './export-listing.ts'
import { openObjects } from './objects.ts'
import type { ExportedTree, ExportRequest } from './types.ts'

/**
 * Leaves a record of what is in the tree beside it (`<into>.json`), for the export after this one.
 * @throws HostingError too-large, invalid-tree
 */
export async function exportTree(request: ExportRequest): Promise<ExportedTree> {
  request.signal?.throwIfAborted()
  await mkdir(dirname(request.into), { recursive: true })
  return (await exportFast(request)) ?? (await exportListing(request))
}

async function exportFast(request: ExportRequest): Promise<ExportedTree | undefined> {
  if (request.objects !== undefined) return await exportChanges(request, request.objects)
  await using objects = openObjects(request.source, request.signal)
  return await exportChanges(request, objects)
}
