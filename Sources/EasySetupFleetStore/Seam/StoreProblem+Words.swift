extension StoreProblem {
    /// The problem in a few words.
    package var words: String {
        switch self {
        case .unreachable: "nothing answers at its address"
        case .untrusted: "its certificate is not trusted, or it speaks no TLS"
        case .closed: "it closed a connection"
        case .silent: "it did not answer in time"
        case .unsent: "it takes in less than the relay has to say"
        case .garbled: "what it says is not Redis' protocol"
        case .wrongPassword: "it wants another user or password"
        case .notPermitted: "the user may not do what a relay has to do"
        case .noSuchDatabase: "it has no database of this number"
        case .loading: "it reads its data from disk"
        case .notMaster: "it is a replica"
        case .masterMoved: "another server has become the master"
        case .noSentinel: "no sentinel says where the master is"
        case .refused: "it refuses"
        case .left: "the relay goes on as another run, because it was stopped for a while"
        }
    }

    /// The steps that the operator can take against it at a server that is to speak TLS, or not.
    package func advice(isTLS: Bool) -> String {
        switch self {
        case .silent where isTLS:
            "See that it speaks TLS at this port; redis:// is without TLS. The relay tries again by itself."
        case .closed where !isTLS:
            "See whether it wants TLS, which is rediss://; its log may say more. The relay tries again by itself."
        case .closed, .silent: "Redis' log may say why. The relay tries again by itself."
        default: advice
        }
    }

    /// The steps that the operator can take against it.
    package var advice: String {
        switch self {
        case .unreachable: "See that Redis runs there, and that this machine reaches it. The relay tries again."
        case .untrusted: "Use redis:// for a server without TLS, or name its authority by --fleet-authorities."
        case .closed, .silent, .loading, .masterMoved, .left: "The relay tries again by itself."
        case .unsent: "See whether the machine of Redis, or the network to it, is overloaded."
        case .garbled: "See that the address is that of a Redis server."
        case .wrongPassword: "Give the right user and password, in the address or by --fleet-password-file."
        case .notPermitted:
            "Let the user have: +set +get +mget +eval +publish +subscribe +ping +role +select ~es1:* &es1:*"
        case .noSuchDatabase: "Give another number in the address, or none."
        case .notMaster: "Give the address of the master, or let sentinels say it (redis+sentinel://)."
        case .noSentinel: "See that the sentinels run, and know the name of the group of servers."
        case .refused: "Redis' log may say why. The relay tries again by itself."
        }
    }
}
