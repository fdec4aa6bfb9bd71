import EasySetupChain
import EasySetupHandshake

@testable import EasySetupS3

// The answers of a store of S3, or of a server in its place.

/// The pieces that a listing is made of are in the text, and none is longer than the text.
@Sendable func storeList(_ input: [UInt8]) throws(BrokenRule) {
    guard let answer = try? ListAnswer(input, most: 8) else { return }
    try hold(answer.entries.count <= 8, "a listing has more objects than were asked for")
    try hold(!answer.isTruncated || !answer.entries.isEmpty, "no page can follow")
    for entry in answer.entries {
        try hold(entry.name.utf8.count <= XMLLimits.textBytes, "a name is too long")
        try hold(entry.name.utf8.count <= input.count, "a name is longer than what came")
    }
    try hold(ErrorAnswer(input) == nil, "a listing is an error too")
}

@Sendable func storeError(_ input: [UInt8]) throws(BrokenRule) {
    if let answer = ErrorAnswer(input) {
        try hold((1...64).contains(answer.code.utf8.count), "a code has another length")
        try hold(answer.code.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a code can't be shown")
    }
    if let answer = try? DeleteAnswer(input) {
        try hold(answer.refusals.allSatisfy { ErrorAnswer.isCode($0) }, "a code can't be shown")
    }
    if let session = SessionAnswer(input) {
        try hold(!session.keys.accessKey.isEmpty && session.ends >= 0, "keys are not whole")
    }
}

/// Elements begin and end in order, and the scanner ends.
@Sendable func storeXML(_ input: [UInt8]) throws(BrokenRule) {
    var scanner = XMLScanner(input)
    var open: [String] = []
    var steps = 0
    while true {
        let event: XMLScanner.Event?
        do throws(XMLFault) {
            event = try scanner.next()
        } catch {
            return
        }
        steps += 1
        try hold(steps <= 2 * input.count + 1, "a scanner does not end")
        switch event {
        case .begin(let name):
            open.append(name)
            try hold(open.count <= XMLLimits.depth, "elements are too deep")
        case .end(let name, let text):
            try hold(open.popLast() == name, "an element ends that has not begun")
            try hold(text.utf8.count <= XMLLimits.textBytes, "a text is too long")
        case nil:
            try hold(open.isEmpty, "an element has no end")
            return
        }
    }
}

/// An address that is taken is written as HTTP and signatures need it.
@Sendable func storeAddress(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    guard let address = S3Address(endpoint: text, region: "us-east-1", bucket: "records") else { return }
    try hold(address.authority.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a header has other characters")
    try hold(!address.authority.contains("/") && !address.authority.contains("@"), "an address has more parts")
    try hold(!address.host.isPlain || address.host.isLoopback, "an address is plain")
}
