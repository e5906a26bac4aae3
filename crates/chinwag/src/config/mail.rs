//! How mail is sent.

use chinwag_model::mail::MailAddress;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};
use chinwag_server::options::{MailOptions, MailTls};

use super::setting::{ConfigError, Settings};

/// Reads it from the settings; `None` where there is no `[mail]`.
pub(super) fn options(s: &Settings) -> Result<Option<MailOptions>, ConfigError> {
    let (Some(host), Some(from)) = (s.get("mail.host"), s.get("mail.from")) else {
        return Ok(None);
    };
    let from = MailAddress::parse(from.value.text()).map_err(|bad| {
        let what = format!("mail.from is {}: {bad}; give one as \"chat@example.org\"", from.value);
        ConfigError::at(&from.origin, what)
    })?;
    let tls = match s.text("mail.tls") {
        "off" => MailTls::Off,
        "always" => MailTls::Always,
        _ => MailTls::StartTls,
    };
    Ok(Some(MailOptions {
        host: host.value.text().to_owned(),
        port: u16::try_from(s.count("mail.port")).unwrap_or(587),
        tls,
        from,
        login: login(s, tls)?,
    }))
}

fn login(s: &Settings, tls: MailTls) -> Result<Option<(String, Secret)>, ConfigError> {
    let Some(user) = s.get("mail.user").filter(|user| !user.value.text().is_empty()) else {
        return Ok(None);
    };
    if tls == MailTls::Off {
        let what =
            "mail.user would be sent in the clear; set mail.tls to \"starttls\" or \"always\"";
        return Err(ConfigError::at(&user.origin, what.to_owned()));
    }
    let file = s.text("mail.password_file");
    let origin = s.get("mail.password_file").map_or(&user.origin, |setting| &setting.origin);
    if file.is_empty() {
        let what = "mail.user needs mail.password_file, a file whose first line is the password";
        return Err(ConfigError::at(&user.origin, what.to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| {
        ConfigError::at(origin, format!("cannot read mail.password_file {file}: {error}"))
    })?;
    let password = text.lines().next().unwrap_or_default();
    if !(1..=SECRET_BYTES_MAX).contains(&password.len()) {
        let what =
            format!("the first line of {file} is no password of 1 to {SECRET_BYTES_MAX} bytes");
        return Err(ConfigError::at(origin, what));
    }
    Ok(Some((user.value.text().to_owned(), Secret::new(password.to_owned()))))
}
