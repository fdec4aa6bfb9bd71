import CEasySetup
import EasySetup

/// An error as C code sees it: a number and texts.
final class ErrorView: Sendable {
    /// The error that is described here.
    let error: any ExplainedError & Explained
    let code: easysetup_code
    let name: CText
    let cause: CText?
    let description: CText
    let advice: CText
    let key: CText
    let parameters: Parameters

    init(_ error: any ExplainedError & Explained) {
        self.error = error
        let explanation = error.explanation
        code = ErrorCodes.code(named: error.name)
        name = CText(error.name)
        cause = error.cause.map(CText.init)
        description = CText(error.description)
        advice = CText(error.advice)
        key = CText(explanation.key)
        parameters = Parameters(explanation)
    }
}
