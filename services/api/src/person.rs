//! Who sent a request, as the gateway tells the services behind it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// What a person may do. Each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys, and sees the own orders.
    Customer,
    /// Adds products, sets the stock, and sees all orders.
    Operator,
}

/// Whose an order is: a pseudonym of 32 hexadecimal digits, derived from the issuer and the subject
/// of a token. The same person has the same one at each sign-in, and it tells nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(Arc<str>);

/// A person who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their pseudonym.
    pub owner: Owner,
    /// Their role.
    pub role: Role,
}

/// Why a text does not name a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a person is `customer` or `operator`, a space, and 32 hexadecimal digits")]
pub struct InvalidPerson;

impl Role {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }
}

impl Owner {
    /// The owner of this digest.
    pub fn from_digest(digest: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(digest)).into())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Person {
    /// The header in which the gateway names the person to a service. It lets no client's own pass.
    pub const HEADER: HeaderName = HeaderName::from_static("x-person");

    /// The person of a request, if it has one: none where people do not sign in.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, InvalidPerson> {
        let mut values = headers.get_all(Self::HEADER).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                let text = value.to_str().map_err(|_| InvalidPerson)?;
                text.parse().map(Some)
            }
            (Some(_), Some(_)) => Err(InvalidPerson),
        }
    }

    /// The value of [`Person::HEADER`].
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("letters, digits and a space")
    }
}

impl FromStr for Owner {
    type Err = InvalidPerson;

    fn from_str(text: &str) -> Result<Self, InvalidPerson> {
        let digits = text
            .bytes()
            .filter(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 32 && digits.count() == 32 {
            Ok(Self(text.into()))
        } else {
            Err(InvalidPerson)
        }
    }
}

impl FromStr for Person {
    type Err = InvalidPerson;

    fn from_str(text: &str) -> Result<Self, InvalidPerson> {
        let (role, owner) = text.split_once(' ').ok_or(InvalidPerson)?;
        let role = [Role::Customer, Role::Operator]
            .into_iter()
            .find(|known| known.as_str() == role)
            .ok_or(InvalidPerson)?;
        let owner = owner.parse()?;
        Ok(Self { owner, role })
    }
}

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.role.as_str(), self.owner.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_read_as_it_was_written_and_nothing_else_is_a_person() {
        let person = Person {
            owner: Owner::from_digest([7; 16]),
            role: Role::Operator,
        };
        let headers = HeaderMap::from_iter([(Person::HEADER, person.header_value())]);
        assert_eq!(Person::from_headers(&headers), Ok(Some(person)));
        assert_eq!(Person::from_headers(&HeaderMap::new()), Ok(None));
        let digits = "07".repeat(16);
        for refused in [
            "",
            &digits,
            &format!("admin {digits}"),
            &format!("operator  {digits}"),
            &format!("operator {}", digits.replace('7', "F")),
            &format!("operator {digits}0"),
        ] {
            assert_eq!(refused.parse::<Person>(), Err(InvalidPerson), "{refused}");
        }
    }

    #[test]
    fn two_persons_in_one_request_are_none() {
        let mut headers = HeaderMap::new();
        for digest in [[1; 16], [2; 16]] {
            let owner = Owner::from_digest(digest);
            let role = Role::Customer;
            headers.append(Person::HEADER, Person { owner, role }.header_value());
        }
        assert_eq!(Person::from_headers(&headers), Err(InvalidPerson));
    }
}
