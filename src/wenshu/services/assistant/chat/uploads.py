"""Files in the chat: stored, parsed, and read back when a question names them without their text."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from wenshu.core.database.scope import Scope
from wenshu.core.documents.media import media_type
from wenshu.core.storage.files import StoredFile
from wenshu.kit.errors import InvalidInput, NotFound, ParseFailed
from wenshu.knowledge.reply import UploadedText
from wenshu.services.assistant.chat.schemas import ParsedFile, Uploaded, UploadedDocument
from wenshu.services.assistant.parts import Assistant
from wenshu.web.uploads import Received


async def keep(parts: Assistant, scope: Scope, received: Received) -> Uploaded:
    """Store one file; its signed link."""
    file = await _kept(parts, scope, received)
    return Uploaded(file_url=parts.files.links.signed(parts.files.link(file)), file_name=file.name)


async def keep_and_parse(parts: Assistant, scope: Scope, received: Sequence[Received]) -> list[ParsedFile]:
    """Store and parse each file; a file that cannot be read says why and spoils no other."""
    return [await _parsed(parts, scope, file) for file in received]


async def uploaded_texts(parts: Assistant, scope: Scope, documents: Sequence[UploadedDocument]) -> list[UploadedText]:
    """The texts that a question brings along; those marked as not parsed are left out.

    Raises InvalidInput for a document with neither text nor a file of ours, NotFound for somebody else's file.
    """
    texts: list[UploadedText] = []
    for at, document in enumerate(documents):
        if not document.parse_success:
            continue
        file = await _named_file(parts, scope, document, at)
        url = parts.files.link(file) if file else document.file_url
        text = document.content or ""
        if not text.strip():
            text = await _text_of(parts, file, at)
        texts.append(UploadedText(document.file_name or f"文档{at + 1}", url, text))
    return texts


async def _named_file(parts: Assistant, scope: Scope, document: UploadedDocument, at: int) -> StoredFile | None:
    """The file of ours that the document names: answers sign its link anew, hence the check also with a text."""
    links = parts.files.links
    if links.is_canonical(document.file_url):
        raise InvalidInput(f"uploaded_docs[{at}].file_url 无效", field="uploaded_docs")
    file_id = links.file_id(document.file_url)
    if file_id is None:
        return None
    file = await parts.files.find(file_id)
    if scope.owns(file.tenant_code, file.org_code):
        return file
    if not file.is_global or not (document.content or "").strip():
        raise NotFound("文件不存在")
    # Uploaded without a tenant and brought along with its text: the link goes on working as long as it was made to.
    return file if links.opens(document.file_url) else None


async def _text_of(parts: Assistant, file: StoredFile | None, at: int) -> str:
    if file is None:
        raise InvalidInput(f"uploaded_docs[{at}].content 缺失，且 file_url 不是本服务的文件", field="uploaded_docs")
    with TemporaryDirectory(prefix="wenshu-chat-") as folder:
        path = Path(folder) / "document"
        await parts.files.fetch(file.id, path)
        return (await parts.parser.parse(path, file.name)).text


async def _kept(parts: Assistant, scope: Scope, received: Received) -> StoredFile:
    if received.path.stat().st_size == 0:
        raise InvalidInput("文件为空", field="file")
    return await parts.files.keep(scope, received.path, received.name, media_type(received.path))


async def _parsed(parts: Assistant, scope: Scope, received: Received) -> ParsedFile:
    try:
        file = await _kept(parts, scope, received)
    except InvalidInput as error:
        return ParsedFile(
            file_url="", file_name=received.name, content="", parse_success=False, parse_error=error.message
        )
    stored = Uploaded(file_url=parts.files.links.signed(parts.files.link(file)), file_name=file.name)
    try:
        text = (await parts.parser.parse(received.path, received.name)).text
    except ParseFailed as error:
        return ParsedFile(**stored.model_dump(), content="", parse_success=False, parse_error=error.message)
    return ParsedFile(**stored.model_dump(), content=text, parse_success=True)
