/// An error that stops the counting.
enum CountError: Error, CustomStringConvertible {
    case cannotStart(String)
    case failed(String)
    case noRelay
    case noConnection
    case unexpected(String)
    case noTotal(String)

    var description: String {
        switch self {
        case .cannotStart(let program): "\(program) cannot be started."
        case .failed(let program): "\(program) failed."
        case .noRelay: "The relay that is counted ended early."
        case .noConnection: "The relay that is counted takes no connection, or closed one."
        case .unexpected(let what): "The relay that is counted said \(what)."
        case .noTotal(let file): "Callgrind left no total in \(file)."
        }
    }
}
