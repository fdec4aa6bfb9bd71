/// The answer to DeleteObjects: the codes of the objects that were not deleted.
struct DeleteAnswer: Equatable {
    /// The code of each object that the store refused to delete. An object that is not there is no error.
    let refusals: [String]

    /// Reads an answer.
    init(_ bytes: [UInt8]) throws(XMLFault) {
        var isAnswer = false
        var refusals: [String] = []
        try XMLScanner.read(bytes) { (path, text) throws(XMLFault) in
            guard path.first == "DeleteResult" else { throw XMLFault() }
            if path.count == 1 { isAnswer = true }
            guard path == ["DeleteResult", "Error", "Code"] else { return }
            guard ErrorAnswer.isCode(text) else { throw XMLFault() }
            if text != "NoSuchKey" { refusals.append(text) }
        }
        guard isAnswer else { throw XMLFault() }
        self.refusals = refusals
    }
}
