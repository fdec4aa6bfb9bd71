extension Output {
    /// Checks that somebody can answer a question about a deletion, before anything is asked of the store.
    /// - Throws: ``CommandError/nobodyToAsk(_:)``.
    /// - Parameter need: the answer that is needed.
    func needPerson(_ need: CommandError.Need = .deletion) throws(CommandError) {
        guard Input.isTerminal else { throw .nobodyToAsk(need) }
    }

    /// Asks for a yes before something is deleted.
    /// - Parameter text: the sentences that name what is deleted.
    /// - Throws: ``CommandError/notConfirmed`` unless the answer is yes.
    func confirmDeletion(_ text: String) async throws(CommandError) {
        try needPerson()
        let verdict = await Verdict.ask(help: Help.deletion) { notes, _ in
            await askLine("\(text)\nType yes to do it, or no: \u{20}", notes: notes)
        }
        guard verdict == .yes else { throw .notConfirmed }
    }
}
