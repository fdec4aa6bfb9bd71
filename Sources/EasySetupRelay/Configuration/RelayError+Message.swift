import EasySetupRelayProtocol

extension RelayError.MessageFileProblem {
    var code: RelayError.Cause {
        switch self {
        case .file(let problem): problem.code
        case .writableByOthers: .openToOthers
        case .foreignOwner: .notOurs
        case .text: .badText
        }
    }

    var words: String {
        switch self {
        case .file(let problem): problem.words
        case .writableByOthers: "others may write it"
        case .foreignOwner: "it belongs to another user"
        case .text(let fault): "the message in it \(fault)"
        }
    }

    func advice(_ path: String) -> String {
        switch self {
        case .writableByOthers: "The people at all devices read it: chmod 644 \(path)"
        case .foreignOwner: "It must be root's or the relay's user's, for its owner speaks to all devices: chown it."
        case .file(.notPermitted): "Let the relay's user read it."
        case .file(.leadsNowhere): "Mount or make what the link leads to."
        case .file(.missing): "Put it there; an empty file is no message."
        case .file, .text: "Give a file with one short line of text, as: Away on 1 December from 8:00 to 9:00 UTC."
        }
    }
}
