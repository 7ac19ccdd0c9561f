/** What a child that is started ahead imports: Node's loader of modules is slow the first time only. */
export default {};
