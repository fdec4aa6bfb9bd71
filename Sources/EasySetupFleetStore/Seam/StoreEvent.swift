/// An event that a store tells a relay by itself.
package enum StoreEvent: Hashable, Sendable {
    /// It tries to reach what the relays share.
    case connecting
    /// The relay hears messages, and what it asks is answered.
    /// - Parameter hasKept: whether the directory has what was in it when the relay had joined before. False at the first time.
    case joined(hasKept: Bool)
    /// Nothing can be asked, and messages are lost. The store tries again by itself.
    case cutOff(StoreProblem)
    /// The directory has lost what was in it, or at least cannot be known to have kept it. It is told before the answer
    /// that showed it.
    case lostData
    /// Something was said on a channel.
    /// - Parameter line: which of several stores brought it (``FleetStores``). Each keeps the order of what one relay
    ///   says there; all of them together do not.
    case message(FleetChannel, [UInt8], line: Int = 0)
    /// Something has changed at one of several stores (``FleetStores``). It is for people: what follows from it for the
    /// relay is told by another event.
    case line(Int, LineNews)

    package enum LineNews: Hashable, Sendable {
        case joined
        /// It is told for each attempt to join that fails, too.
        case cutOff(StoreProblem)
        case lostData
    }
}

/// The reason why a relay is cut off from what the relays share.
package enum StoreProblem: Hashable, Sendable {
    /// There is no connection: nothing listens, no way leads there, or the name has no address.
    case unreachable
    /// TLS failed, as where the certificate is not trusted. A server of Redis that speaks no TLS is silent.
    case untrusted
    /// The server closed a connection.
    case closed
    /// The server did not answer in time.
    case silent
    /// The server takes in less than the relay has to say.
    case unsent
    /// The server's bytes are no answers to what was asked.
    case garbled
    /// The server wants another user or password.
    case wrongPassword
    /// The user may not do what a relay has to do.
    case notPermitted
    /// The server has no database of this number.
    case noSuchDatabase
    /// The server reads its data from disk.
    case loading
    /// The server is a replica, or has become one.
    case notMaster
    /// Another server has become the master.
    case masterMoved
    /// No sentinel could say where the master is.
    case noSentinel
    /// The server refuses for a reason that has no case here.
    case refused
    /// The relay itself has left, to come back as another run.
    case left
}

/// The reason why a single question to a store has no answer.
package enum StoreFailure: Error, Hashable, Sendable {
    /// The relay is cut off, or was before the answer came. The question may have had its effect all the same.
    case cutOff
    /// Too many questions are unanswered. The question has had no effect.
    case busy
    /// The store is full. The question has had no effect.
    case full
    /// The user may not do that at the store. The question has had no effect.
    case notPermitted
    /// The store refused. The question has had no effect.
    case refused
}

extension StoreFailure {
    /// Whether an operator has to change something at the store.
    package var isOperators: Bool {
        switch self {
        case .cutOff, .busy: false
        case .full, .notPermitted, .refused: true
        }
    }
}
