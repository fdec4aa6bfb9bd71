import EasySetup

/// The other device as C code sees it.
struct PeerView: Sendable {
    let name: CText
    let platform: CText

    init(_ peer: Peer) {
        name = CText(peer.device.name.description)
        platform = CText(peer.device.platform.rawValue)
    }
}

extension ConfirmationWords {
    /// Both words for C code.
    var texts: [CText] { [CText(first), CText(second)] }
}

extension [CText] {
    /// The text at an index that C code gives; nil for an index that is none.
    func text(at index: Int32) -> UnsafePointer<CChar>? {
        indices.contains(Int(index)) ? self[Int(index)].pointer : nil
    }
}
