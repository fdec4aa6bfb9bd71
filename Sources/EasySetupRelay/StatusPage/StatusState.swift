/// How the relay does, in one word. The later cases are those that matter more.
enum StatusState: String, CaseIterable, Sendable {
    case ready, full, refusing, draining

    var title: String {
        switch self {
        case .ready: "Ready"
        case .full: "Full"
        case .refusing: "Refusing"
        case .draining: "Draining"
        }
    }

    var sentence: String {
        switch self {
        case .ready: "It takes new devices."
        case .full: "It has no place left of one kind: the next device that needs one hears that the relay is full."
        case .refusing: "It has turned devices away in the last five minutes."
        case .draining: "It takes no new devices, because it is about to stop. Pairings in hand go on."
        }
    }
}
