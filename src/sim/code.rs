//! Z.AI's business codes: the status they come with and their words.

use http::StatusCode;

use super::dialect::Dialect;

/// Code, status and English text, as the vendor documents them
/// (docs.z.ai/api-reference/api-code, the newest edition that lists the code;
/// 1308's singular unit as on the wire in continuedev/continue#13195).
/// `{reset}` stands for the moment at which the wall comes down.
const CODES: &[(u16, u16, &str)] = &[
    (1000, 401, "Authentication Failed"),
    (1001, 401, "Authentication parameter not received in Header, unable to authenticate"),
    (1003, 401, "Authentication Token expired, please regenerate/obtain"),
    (1005, 401, "Need Two-Factor Authentication"),
    // The last edition that lists 1112 and 1121 gives no status for each, but
    // says "429 Account anomaly" (docs.bigmodel.cn/cn/faq).
    (1112, 429, "Your account has been locked, please contact customer service to unlock"),
    (1113, 429, "Insufficient balance or no resource package. Please recharge."),
    (1121, 429, "Account has irregular activities and has been locked"),
    (1200, 500, "API Call Error"),
    (1210, 400, "Invalid API parameter, please check the documentation."),
    (1211, 400, "Unknown Model, please check the model code."),
    (1220, 403, "You do not have permission to access chat"),
    (1230, 500, "API call process error"),
    (1234, 500, "Network error, error id: 202602261029392bc0093d0e944297, please try again later"),
    (1261, 400, "Prompt too long"),
    (1300, 429, "API call blocked by policy"),
    (
        1301,
        400,
        "System detected potentially unsafe or sensitive content in input or generation. \
         Please avoid using prompts that may generate sensitive content. Thank you for your \
         cooperation.",
    ),
    (1302, 429, "Rate limit reached for requests"),
    (
        1303,
        429,
        "High frequency usage of this API, please reduce frequency or contact customer service \
         to increase limits",
    ),
    (
        1304,
        429,
        "Daily call limit for this API reached. For more requests, please contact customer \
         service to purchase",
    ),
    (1305, 429, "The service may be temporarily overloaded, please try again later"),
    (1308, 429, "Usage limit reached for 5 hour. Your limit will reset at {reset}"),
    (
        1309,
        429,
        "Your GLM Coding Plan package has expired and is temporarily unavailable. You can resume \
         using it after renewing the subscription on the official website. https://z.ai/subscribe。",
    ),
    (1310, 429, "Weekly/Monthly Limit Exhausted. Your limit will reset at {reset}"),
    (1311, 429, "Your current subscription plan does not yet include access to GLM-5.2"),
    (
        1312,
        429,
        "This model is currently experiencing high traffic. Please try again later, or switch to \
         another model such as GLM-4.7",
    ),
    (
        1313,
        429,
        "Your account's current usage pattern does not comply with the Fair Usage Policy, and \
         your request frequency has been limited. For details, please refer to the Subscription \
         Service Agreement. To restore access, please submit a request.",
    ),
    (
        1314,
        429,
        "Your enterprise package has expired. Please contact your enterprise administrator.",
    ),
    (
        1315,
        429,
        "This API Key is limited to enterprise coding package scenarios. Please go to the \
         official website to replace the API Key of the corresponding product type.",
    ),
    (
        1316,
        429,
        "Usage limit reached for the past 5 hours. Insufficient balance for extra usage. Resets \
         at {reset}.",
    ),
    (
        1317,
        429,
        "Usage limit reached for the past 7 days. Insufficient balance for extra usage. Resets \
         at {reset}.",
    ),
    (
        1318,
        429,
        "Usage limit reached for the past 5 hours. Extra usage is not available due to monthly \
         spend limit. Resets at {reset}.",
    ),
    (
        1319,
        429,
        "Usage limit reached for the past 7 days. Extra usage is not available due to monthly \
         spend limit. Resets at {reset}.",
    ),
    (
        1320,
        429,
        "Usage limit reached for the past 5 hours. Extra usage is not available due to monthly \
         spend limit. Resets at {reset}.",
    ),
    (
        1321,
        429,
        "Usage limit reached for the past 7 days. Extra usage is not available due to monthly \
         spend limit. Resets at {reset}.",
    ),
];

/// The provider's words for `code`; its number for one that is not listed.
pub(super) fn text(code: u16) -> String {
    match CODES.iter().find(|(listed, ..)| *listed == code) {
        Some((_, _, text)) => (*text).to_owned(),
        None => format!("code {code}"),
    }
}

/// The status that carries `code`: 429 for one that is not listed, and 529
/// for overload on the Anthropic surface.
pub(super) fn status(code: u16, dialect: Dialect) -> StatusCode {
    let status = match CODES.iter().find(|(listed, ..)| *listed == code) {
        Some(_) if dialect == Dialect::Anthropic && matches!(code, 1305 | 1312) => 529,
        Some((_, status, _)) => *status,
        None => 429,
    };
    StatusCode::from_u16(status).unwrap_or(StatusCode::TOO_MANY_REQUESTS)
}

/// Whether a client must stop for `code` and not only wait a moment: policy
/// control, a locked account, a quota wall, or nothing to charge.
pub(super) fn is_signal(code: u16) -> bool {
    matches!(
        code,
        1112 | 1113 | 1121 | 1300 | 1302 | 1303 | 1304 | 1308 | 1309 | 1310 | 1313 | 1314 | 1316
            ..=1321
    )
}
