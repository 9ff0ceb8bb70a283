//! Files made for tests.

use std::io::{Cursor, Write};

/// A zip of these files.
pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A document of Word with this body and nothing else.
pub(super) fn docx(body: &str) -> Vec<u8> {
    let body = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    zip(&[("word/document.xml", body.as_bytes())])
}

/// A book of these chapters.
pub(super) fn epub(chapters: &[&str]) -> Vec<u8> {
    let mut package = String::from(
        "<package><metadata><dc:title>A &amp; B</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bo</dc:creator>\
         <dc:language>en</dc:language><dc:date>2020-01-02</dc:date></metadata><manifest>",
    );
    let mut files = Vec::new();
    for (n, chapter) in chapters.iter().enumerate() {
        package += &format!("<item id=\"c{n}\" href=\"text/c%20{n}.xhtml\"/>");
        files.push((format!("OEBPS/text/c {n}.xhtml"), format!("<html><body>{chapter}</body></html>")));
    }
    package += "</manifest><spine>";
    for n in (0..chapters.len()).rev() {
        package += &format!("<itemref idref=\"c{n}\"/><itemref idref=\"c{n}\"/><itemref idref=\"missing\"/>");
    }
    package += "</spine></package>";
    let container = "<container><rootfiles><rootfile full-path=\"OEBPS/b.opf\"/></rootfiles></container>";
    let mut all = vec![("META-INF/container.xml", container.as_bytes()), ("OEBPS/b.opf", package.as_bytes())];
    all.extend(files.iter().map(|(name, chapter)| (name.as_str(), chapter.as_bytes())));
    zip(&all)
}

/// A PDF of these objects, the first of which is the catalog.
fn pdf_of(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", n + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    out.extend(
        format!("trailer <</Size {} /Root 1 0 R>>\nstartxref\n{table}\n%%EOF", objects.len() + 1).bytes(),
    );
    out
}

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    [format!("<<{dictionary} /Length {}>>\nstream\n", data.len()).as_bytes(), data, b"\nendstream"].concat()
}

/// A PDF of pages with these contents, in Helvetica.
pub(super) fn pdf(pages: &[&str]) -> Vec<u8> {
    let kids: String = (0..pages.len()).map(|n| format!("{} 0 R ", 4 + 2 * n)).collect();
    let mut objects = vec![
        b"<</Type /Catalog /Pages 2 0 R>>".to_vec(),
        format!("<</Type /Pages /Count {} /Kids [{kids}]>>", pages.len()).into_bytes(),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>".to_vec(),
    ];
    for (n, page) in pages.iter().enumerate() {
        objects.push(
            format!(
                "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
                 /Resources <</Font <</F1 3 0 R>>>>>>",
                5 + 2 * n
            )
            .into_bytes(),
        );
        objects.push(stream("", page.as_bytes()));
    }
    pdf_of(&objects)
}

/// A PDF of one page whose content is this stream.
pub(super) fn pdf_with_stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    pdf_of(&[
        b"<</Type /Catalog /Pages 2 0 R>>".to_vec(),
        b"<</Type /Pages /Count 1 /Kids [3 0 R]>>".to_vec(),
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R>>".to_vec(),
        stream(dictionary, data),
    ])
}

/// A PDF whose page draws a form twice, which draws another twice, and so on: two to the power of `depth` in all.
pub(super) fn pdf_of_forms_in_forms(depth: usize) -> Vec<u8> {
    let mut objects = vec![
        b"<</Type /Catalog /Pages 2 0 R>>".to_vec(),
        b"<</Type /Pages /Count 1 /Kids [3 0 R]>>".to_vec(),
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources <</XObject <</X 5 0 R>>>>>>"
            .to_vec(),
        stream("", b"/X Do /X Do"),
    ];
    for n in 0..depth {
        let dictionary = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources <</XObject <</X {} 0 R>>>>",
            6 + n
        );
        objects.push(stream(&dictionary, b"/X Do /X Do"));
    }
    pdf_of(&objects)
}
