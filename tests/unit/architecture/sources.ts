// The sources as the TypeScript compiler sees them: their text, their imports, the lengths of their functions.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { projectRoot } from '../../helpers/paths.ts'

export interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

export interface FunctionLength {
  readonly name: string
  readonly line: number
  readonly lines: number
}

export interface Source {
  /** Relative to the project. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
  readonly functions: readonly FunctionLength[]
}

export function readSources(...directories: readonly string[]): Source[] {
  return directories.flatMap((directory) =>
    readdirSync(join(projectRoot, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readSource(join(directory, name))),
  )
}

export function parseSource(path: string, text: string): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return {
    path,
    text,
    lines: text.trimEnd().split('\n').length,
    imports: importsOf(file),
    functions: nodesOf(file).filter(isFunctionWithBody).map(measure(file)),
  }
}

function readSource(path: string): Source {
  return parseSource(path, readFileSync(join(projectRoot, path), 'utf8'))
}

function nodesOf(node: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [node]
  ts.forEachChild(node, (child) => void nodes.push(...nodesOf(child)))
  return nodes
}

function importsOf(file: ts.SourceFile): Import[] {
  return nodesOf(file).flatMap((node) => {
    if (ts.isImportDeclaration(node)) return [importOf(file, node.moduleSpecifier, isTypeOnly(node.importClause))]
    if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      return [importOf(file, node.moduleSpecifier, node.isTypeOnly)]
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0])
      return [importOf(file, node.arguments[0], false)]
    return []
  })
}

/** `import type { … }`, or a list in which each name is marked `type`. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const bindings = clause.namedBindings
  if (clause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false
  return bindings.elements.every((element) => element.isTypeOnly)
}

function importOf(file: ts.SourceFile, specifier: ts.Expression, typeOnly: boolean): Import {
  const text = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(file)
  const target = text.startsWith('.') ? relative('.', join(dirname(file.fileName), text)) : text
  return { target, typeOnly }
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

/** Lines from the first of its signature to its closing brace. */
function measure(file: ts.SourceFile) {
  return (node: ts.FunctionLikeDeclaration): FunctionLength => {
    const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line
    const last = file.getLineAndCharacterOfPosition(node.getEnd()).line
    return { name: nameOf(node), line: first + 1, lines: last - first + 1 }
  }
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name) return node.name.getText()
  const { parent } = node
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : '(anonymous)'
}
