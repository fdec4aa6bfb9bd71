/// The first commands on each connection to a Redis server: who speaks, and about which database.
struct RedisPrelude {
    enum Step: Hashable, Sendable {
        case authenticate, select, name, role
    }

    /// The steps with their commands, in their order.
    let steps: [(step: Step, command: RESPCommand)]

    /// - Parameter mustBeMaster: whether to ask the server if it is a master, because a sentinel named it as one.
    init(_ account: RedisAccount, mustBeMaster: Bool) {
        var steps: [(Step, RESPCommand)] = []
        if let password = account.password {
            let user = account.user.map { [Array($0.utf8)] } ?? []
            steps.append((.authenticate, RESPCommand(words: [Array("AUTH".utf8)] + user + [password.bytes])))
        }
        if account.database != 0 { steps.append((.select, RESPCommand("SELECT", "\(account.database)"))) }
        // For people who look at a server's list of connections.
        steps.append((.name, RESPCommand("CLIENT", "SETNAME", "easysetup-relay")))
        if mustBeMaster { steps.append((.role, RESPCommand("ROLE"))) }
        self.steps = steps
    }

    /// The reason why an answer to a step ends the connection; nil if it does not.
    static func problem(of step: Step, answer: RESPValue) -> StoreProblem? {
        switch (step, answer) {
        case (.role, .list(let values)): return values.first == .text("master") ? nil : .notMaster
        case (.role, .line): return .garbled
        case (_, .line(let text)): return text.elementsEqual("OK".utf8) ? nil : .garbled
        case (_, .error(let error)):
            let refusal = RedisRefusal(error)
            if refusal.isFinal { return refusal.problem }
            return switch step {
            case .authenticate: .wrongPassword
            case .select: refusal.problem == .notPermitted ? .notPermitted : .noSuchDatabase
            // A user that may not give itself a name is as good.
            case .name: refusal.problem == .notPermitted ? nil : refusal.problem
            case .role: refusal.problem
            }
        default: return .garbled
        }
    }
}
