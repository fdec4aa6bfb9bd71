/// The meaning of an error of a Redis server. Its text goes no further, because it may repeat what was sent.
struct RedisRefusal {
    let problem: StoreProblem
    let failure: StoreFailure
    /// Whether nothing else can go well on this connection either.
    let isFinal: Bool

    /// - Parameter error: the text, whose first word is a code.
    init(_ error: [UInt8]) {
        let code = String(decoding: error.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        (problem, failure, isFinal) =
            switch code {
            case "WRONGPASS", "NOAUTH": (.wrongPassword, .cutOff, true)
            case "LOADING": (.loading, .cutOff, true)
            case "READONLY", "MASTERDOWN": (.notMaster, .cutOff, true)
            // The server is in protected mode, and takes no connection from another machine.
            case "DENIED": (.notPermitted, .cutOff, true)
            case "NOPERM": (.notPermitted, .notPermitted, false)
            case "OOM": (.refused, .full, false)
            default: (.refused, .refused, false)
            }
    }
}
