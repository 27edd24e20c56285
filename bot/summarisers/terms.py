"""Abbreviations that every reader knows, ones that a field writes, words of the trade, peoples.

Each short form has the words that it stands for, folded, or "" where nobody spells it out. The
lists are short on purpose: what isn't in them is judged by its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.summarisers.languages import word_set


def _pairs(lines: str) -> dict[str, str]:
    return dict(line.strip().partition(" ")[::2] for line in lines.strip().split("|"))


HOUSEHOLD: Final[Mapping[str, str]] = _pairs(
    """ai artificial intelligence|us united states|usa united states|uk united kingdom
    |eu european union|un united nations|tv television|pc personal computer|dvd|cd|pdf|usb|sms|gps
    |wifi|id|pin|vip|diy|faq|ok|bbc|cnn|nasa|nato|fbi|cia|ceo chief executive|phd|mp|dna|hiv|aids
    |covid|mri|led|suv|ibm|mit|am|pm|ad|bc|ce|bce|km|kg|cm|mm|gb|mb|tb|kb|kw|mw|gw|kwh|mph|it
    |ki künstliche intelligenz|ia intelligence artificielle|gmbh|ag|ard|zdf|pkw|lkw|sncf|tgv|onu
    |otan|ue|eeuu|adn|vih|sida|url|hd|rna|unesco|unicef|nhs|gdp gross domestic product|usd|eur|gbp
    |ibm|bmw|http|https|www|html|e-mail|xl|q&a|r&d research and development|s.o.s|sos|iq|ufo"""
)
"""Abbreviations that may stand unexplained in a plain summary."""

TERMS: Final[Mapping[str, str]] = _pairs(
    """ml machine learning|llm language model|nlp natural language processing
    |gpu graphics processing unit|cpu central processing unit|api application programming interface
    |rag retrieval augmented generation|rl reinforcement learning|nn neural network
    |cnn convolutional neural network|rnn recurrent neural network|gan generative adversarial
    |agi artificial general intelligence|lora low rank adaptation|ram random access memory
    |os operating system|db database|sql structured query language|ux user experience
    |ui user interface|iot internet of things|vpn virtual private network|dns domain name system
    |tls transport layer security|ssl secure sockets layer|p2p peer to peer|pow proof of work
    |pos proof of stake|utxo unspent transaction output|fomo fear of missing out
    |kyc know your customer|aml anti money laundering|cbdc central bank digital currency
    |who world health organi|imf international monetary fund|ngo non governmental
    |r&d research and development|hr human resources|pr public relations|vc venture capital
    |oss open source software|foss free and open source|cli command line|gui graphical user
    |ide integrated development|sdk software development kit|tcp transmission control protocol
    |ip internet protocol|http hypertext transfer protocol|ftp file transfer protocol
    |ssd solid state drive|nft non fungible token|defi decentralized finance"""
)
"""Abbreviations of a field: what they stand for, as a reading may spell it out."""

JARGON: Final[frozenset[str]] = word_set(
    """
    ablation asynchronous autoregressive backpropagation backend benchmark blockchain bytecode
    checkpoint classifier codebase commit compiler concurrency containerized convolution
    cryptographic daemon dataset deduplication deserialization embedding embeddings encoder endpoint
    epoch finetune finetuned finetuning firmware fork frontend gradient hash hashing hashrate
    heuristic hyperparameter hyperparameters idempotent inference instantiate interoperability
    kernel keypair latency linter logit logits mempool merkle metadata microservice middleware
    multisig mutex namespace nonce normalization numpy optimizer orchestration orthogonal parser
    perceptron perplexity polymorphism postmortem prefetch preprocessing pretrained pretraining
    quantization quantized refactor refactoring regex regularization replication repo repository
    runtime sandbox scalability schema serialization sharding softmax stateless stochastic
    subroutine syntax tensor testnet throughput tokenization tokenizer toolchain transformer
    transpiler upstream vectorization webhook zero-knowledge zero-shot few-shot fine-tune
    fine-tuning fine-tuned end-to-end open-weight state-of-the-art backdoor
    """
)
"""Words of the trade that a plain summary explains or does without."""

PEOPLE: Final = (
    "american america us usa united-states|british britain uk united-kingdom english england"
    "|french france|german germany|dutch netherlands holland|spanish spain|swiss switzerland"
    "|chinese china|japanese japan|danish denmark|swedish sweden|norwegian norway|finnish finland"
    "|polish poland|portuguese portugal|turkish turkey|greek greece|irish ireland|welsh wales"
    "|scottish scotland|european europe eu european-union|soviet ussr|un united-nations"
    "|danes denmark|swedes sweden|finns finland|poles poland|scots scotland"
)
"""Countries with what their people and things are called, a group between bars."""
