//! Signing out, and others who would do it for a person.

use super::*;

#[tokio::test]
async fn signing_out_takes_a_form_of_ours_and_ends_the_session() {
    let server = Server::new();
    let person = Person::new(&server);
    assert!(person.get("/logout").await.body.contains("Nobody is signed in"));
    person.sign_in("").await;
    let page = person.get("/logout").await;
    assert!(page.body.contains(NAME), "{}", page.body);
    let proof = field(&page.body, "proof");
    let reads = |answered: &Answered| answered.status == StatusCode::OK;
    for (headers, form) in [
        (&[][..], &[("proof", "x")][..]),
        (&[], &[]),
        (&[("origin", "https://evil.example")], &[("proof", &proof)]),
        (&[("sec-fetch-site", "cross-site")], &[("proof", &proof)]),
    ] {
        let answered = person.post("/logout", headers, form).await;
        assert_eq!(answered.status, StatusCode::FORBIDDEN, "{headers:?} {form:?}");
    }
    let stolen = person.cookie();
    assert!(reads(&person.get("/").await), "still signed in");
    let answered = person.post("/logout", &[], &[("proof", &proof)]).await;
    assert_eq!((answered.status, answered.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/login"));
    assert!(answered.header(header::SET_COOKIE).contains("Max-Age=0"), "{:?}", answered.headers);
    assert!(!reads(&server.get("/", &[("cookie", &stolen)]).await), "a copy of the cookie opens nothing");
}
